/**
 * Two sources of steps as one, by the wall clock: each in its own order, and of two next steps the one that was recorded first. Of equals `first` goes
 * first. A step without a time follows the one before it at once.
 */
import type { AuditStep } from '../steps/auditStep';

export async function* inOrderOfTime(
  first: AsyncIterable<AuditStep>,
  second: AsyncIterable<AuditStep>,
): AsyncGenerator<AuditStep> {
  const a = first[Symbol.asyncIterator]();
  const b = second[Symbol.asyncIterator]();
  try {
    let [nextA, nextB] = [await a.next(), await b.next()];
    let [timeA, timeB] = [timeOf(nextA, BEFORE_ALL), timeOf(nextB, BEFORE_ALL)];
    while (nextA.done !== true || nextB.done !== true) {
      if (nextA.done !== true && (nextB.done === true || timeA <= timeB)) {
        yield nextA.value;
        nextA = await a.next();
        timeA = timeOf(nextA, timeA);
      } else if (nextB.done !== true) {
        yield nextB.value;
        nextB = await b.next();
        timeB = timeOf(nextB, timeB);
      }
    }
  } finally {
    await a.return?.();
    await b.return?.();
  }
}

const BEFORE_ALL = Number.NEGATIVE_INFINITY;

const timeOf = (next: IteratorResult<AuditStep>, before: number): number =>
  next.done === true ? before : (next.value.at ?? before);
