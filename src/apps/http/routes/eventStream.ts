/**
 * The text of /events: records as the live view hands them out, with the position behind each as its id, and signs of life in between. It is read no
 * faster than the client takes it, and the live view reads no faster than that.
 */
import { setImmediate as immediate } from 'node:timers/promises';
import type { AuditKind } from '../../../contracts/messages';
import { LiveError } from '../../live/live';
import type { JournalPosition, JournalRecord, Live } from '../../live/live';
import type { Logger } from '../../service/logger';
import { rowText } from '../documents/rows';

export const EVENT_KINDS: readonly AuditKind[] = [
  'DECISION',
  'EXECUTION',
  'CONTROL',
  'KILL_SWITCH',
  'DUPLICATE',
  'REJECTED_INPUT',
];

export interface EventFilter {
  readonly from: JournalPosition;
  /** Undefined: of every run. */
  readonly runId: string | undefined;
  /** Undefined: all. */
  readonly kinds: ReadonlySet<AuditKind> | undefined;
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
  /** Told of records that cannot be read: they are passed over, since whoever came back would meet them again. */
  readonly log: Logger;
}

/** How long a browser waits before it comes back, ms. */
const RETRY_MS = 1_000;
/** What is written at once, characters; and how long the event loop may be held, ms. */
const CHUNK = 65_536;
const MOST_AT_ONCE = 5;

export async function* eventStream(live: Live, filter: EventFilter): AsyncGenerator<string> {
  const position = [...filter.from];
  const ended = new AbortController();
  const end = (): void => ended.abort();
  filter.signal.addEventListener('abort', end, { once: true });
  if (filter.signal.aborted) end();
  const batches = live.follow(filter.from, ended.signal);
  // An id by itself: who goes before the first event comes back to where it was.
  yield `retry: ${RETRY_MS}\n${idOf(position)}\n`;
  try {
    let next = batches.next();
    for (;;) {
      const batch = await within(filter.heartbeatMs, next);
      if (batch === undefined) {
        // Records that the filter holds back move the position on, too.
        yield `:\n${idOf(position)}\n`;
        continue;
      }
      if (batch.done === true) return;
      yield* eventTexts(batch.value, filter, position);
      next = batches.next();
    }
  } finally {
    filter.signal.removeEventListener('abort', end);
    // A generator that waits for records ends by its signal: `return` would wait along with it.
    end();
  }
}

/** Undefined: not within this time. */
const within = async <T>(ms: number, promise: Promise<T>): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

async function* eventTexts(
  records: readonly JournalRecord[],
  { runId, kinds, log }: EventFilter,
  position: number[],
): AsyncGenerator<string> {
  let text = '';
  let heldSince = performance.now();
  for (const record of records) {
    const { head, partition, offset } = record;
    position[partition] = offset + 1;
    if ((runId !== undefined && head.run_id !== runId) || kinds?.has(head.kind) === false) continue;
    try {
      text += `${idOf(position)}event: ${eventName(head.kind)}\ndata: ${rowText(record, true)}\n\n`;
    } catch (error) {
      if (!(error instanceof LiveError)) throw error;
      log.error({ shard: partition, offset, reason: error.message }, 'a record is not shown as an event');
    }
    if (text.length >= CHUNK) {
      yield text;
      text = '';
    }
    if (performance.now() - heldSince < MOST_AT_ONCE) continue;
    await immediate();
    heldSince = performance.now();
  }
  if (text !== '') yield text;
}

const idOf = (position: JournalPosition): string => `id: ${position.join(',')}\n`;

const eventName = (kind: AuditKind): string => kind.toLowerCase().replaceAll('_', '-');
