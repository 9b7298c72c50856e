/** Submits the lines of a batch and answers them in order. So many are on their way at once as share a transaction, and the rest follow as answers are taken. */
import { setMaxListeners } from 'node:events';
import { readDocument } from '../../contracts/documents/readDocument';
import { Problem, problemText } from '../http/problem';
import type { Caller } from '../http/route';
import { conflict, decidedText, pendingText, setAside } from './answers';
import type { BatchLine } from './batchLines';
import type { Intake } from './intake';
import { checkAddressable, checkStrategy, invalidBody } from './intentRequest';
import type { IntakeOutcome } from './submission';

export interface BatchOptions {
  readonly runId: string;
  readonly waitMs: number;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** The trace that the next intent is part of. */
  readonly trace: () => string;
}

const MOST_AT_ONCE = 500;
/** UTF-16 units of answers that are sent in one piece. */
const PIECE = 32_768;

/** A line on its way. */
interface OnItsWay {
  /** Resolves however it ends. */
  readonly ended: Promise<void>;
  /** As soon as it is answered. */
  text: string | undefined;
  /** We were wrong somewhere. */
  error: Error | undefined;
}

/** Text that ends with a line; ends early when `signal` aborts, with whatever was submitted by then. Throws only where we were wrong. */
export async function* answersInOrder(
  intake: Intake,
  lines: readonly BatchLine[],
  options: BatchOptions,
): AsyncGenerator<string, void, undefined> {
  // All that are on their way listen to the one client.
  setMaxListeners(0, options.signal);
  const onTheirWay: OnItsWay[] = [];
  const unsent = lines.values();
  for (;;) {
    while (onTheirWay.length < MOST_AT_ONCE && !options.signal.aborted) {
      const line = unsent.next();
      if (line.done === true) break;
      onTheirWay.push(sent(intake, line.value, options));
    }
    const [first] = onTheirWay;
    if (first === undefined) return;
    await first.ended;
    if (first.error !== undefined) throw first.error;
    yield taken(onTheirWay);
  }
}

/** All that can be answered now. */
const taken = (onTheirWay: OnItsWay[]): string => {
  let piece = '';
  let count = 0;
  for (const { text } of onTheirWay) {
    if (text === undefined || piece.length >= PIECE) break;
    piece += `${text}\n`;
    count += 1;
  }
  onTheirWay.splice(0, count);
  return piece;
};

const sent = (intake: Intake, line: BatchLine, options: BatchOptions): OnItsWay => {
  const ended = answerTo(intake, line, options).then(
    (text) => void (onItsWay.text = text),
    (error: unknown) => void (onItsWay.error = error instanceof Error ? error : new Error(String(error))),
  );
  const onItsWay: OnItsWay = { ended, text: undefined, error: undefined };
  return onItsWay;
};

/** Does not reject for what a line holds or comes to. */
const answerTo = async (intake: Intake, { bytes, number }: BatchLine, options: BatchOptions): Promise<string> => {
  try {
    const { runId, waitMs, caller, signal, trace } = options;
    const read = readDocument('order_intent', bytes);
    if (!read.ok) throw invalidBody({ ...read.error, line: number });
    checkStrategy(caller, read.value);
    checkAddressable(read.value);
    const outcome = await intake.submit(runId, read.value, { waitMs, signal, traceparent: trace() });
    return lineText(outcome, runId, read.value.intent_id, number);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, parts } = error;
    return problemText(new Problem(code, { ...parts, members: { ...parts.members, line: number } }));
  }
};

const lineText = (outcome: IntakeOutcome, runId: string, intentId: string, line: number): string => {
  switch (outcome.type) {
    case 'decided':
      return withMembers(decidedText(outcome), `"replayed":${outcome.replayed},"seq":${outcome.record.head.seq}`);
    case 'pending':
      return withMembers(pendingText(runId, intentId), `"line":${line}`);
    case 'conflict':
      throw conflict(runId, intentId, outcome.decidedSeq);
    case 'set-aside':
      throw setAside(outcome.reason);
  }
};

/** An object's text with further members at its end. */
const withMembers = (object: string, members: string): string => `${object.slice(0, -1)},${members}}`;
