/** What the system promises, and which check holds which promise against what is left behind. */

/** In one sentence each; docs/reliability.md says how they are kept. */
export const PROMISES = {
  1: 'Exactly one: each input is folded once, and each intent of a run gets one decision.',
  2: 'Replay: from offset zero, in the recorded order, all outputs and state are the same, byte for byte.',
  3: 'Single writer: nothing that a fenced or paused process does after a takeover becomes visible.',
  4: 'Atomic: decision, audit record, state and input position become visible together, or none of them does.',
  5: 'No silent loss: what was acknowledged is on the log.',
  6: 'Fail closed: what cannot be judged is denied or set aside, never allowed, never passed over.',
  7: 'Order: seq has no gaps, and each hash follows from the bytes before it.',
  8: 'Derived: state and memory can be built again from the log, and are the same then.',
  9: 'Authorised: each order at a broker follows from an earlier decision, and was on record before its first byte was sent.',
  10: 'One live order for one decision, whatever crashes or times out.',
  11: 'Unknown is a state: it keeps its exposure, and ends by evidence or by the word of an operator, never by a timer.',
  12: 'Facts win: each fill is applied once, whenever it comes.',
  13: 'Exposure: filled, working and unknown orders stay within the limits at every position of the log.',
  14: 'Kill: nothing is admitted or sent behind a trip, and what is open is cancelled.',
  15: 'Poison: any bytes on any input cost little, are set aside with the reason, and the stream goes on.',
  16: 'Audit: what was edited, inserted, deleted, reordered or cut off is found with public data alone.',
  17: 'Durable: acknowledged means on disk, and a damaged disk is told, not read.',
  18: 'Intake: without a token no byte reaches the bus, and malformed input is the fault of who sent it.',
  19: 'Recovery: after the last fault everything is decided in time, within limits that are written down.',
} as const;

export type PromiseNumber = keyof typeof PROMISES;

/**
 * What a check needs to see: the log by itself; the commits of which it was made; the programs as they ran; what the brokers were asked and hold; a whole
 * simulated world.
 */
type Evidence = 'log' | 'commits' | 'programs' | 'brokers' | 'world';

interface Held {
  readonly promises: readonly [PromiseNumber, ...PromiseNumber[]];
  readonly needs: Evidence;
}

const held = (needs: Evidence, ...promises: readonly [PromiseNumber, ...PromiseNumber[]]): Held => ({ promises, needs });

/** Every check that can find something, with the promises that are broken then: the first is the one that it is there for. */
const CHECK_TABLE = {
  'acknowledged records': held('log', 5),
  'second reader': held('log', 4),
  readable: held('log', 6),
  'one outcome each': held('log', 1, 6),
  'phantom inputs': held('log', 4),
  'dead letters': held('log', 15, 6),
  positions: held('log', 1, 4),
  sequence: held('log', 7, 16),
  'hash chain': held('log', 7, 16),
  'one decision each': held('log', 1),
  'decisions and journal': held('log', 4),
  'kill switch': held('log', 14),
  executions: held('log', 10),
  replay: held('log', 2, 16),
  'uninterrupted run': held('log', 2),
  state: held('log', 8, 2),
  'restored memory': held('log', 8, 7),
  'model: verdict': held('log', 6, 13),
  'model: facts': held('log', 13, 12),
  'model: kill switch': held('log', 14),
  'model: order quantity': held('log', 6, 13),
  'model: journal': held('log', 1, 7),
  exposure: held('log', 13),
  'single writer': held('commits', 3),
  atomic: held('commits', 4),
  services: held('programs', 19),
  liveness: held('programs', 19),
  authorised: held('brokers', 9),
  'submitting first': held('brokers', 9),
  'one live order': held('brokers', 10),
  unknown: held('brokers', 11),
  fills: held('brokers', 12),
  'kill: sent after trip': held('brokers', 14),
  'kill: open at the end': held('brokers', 14),
  'order life': held('brokers', 11, 12),
  'positions at the broker': held('brokers', 12, 13),
  doubled: held('brokers', 10),
  orphaned: held('brokers', 9),
  limits: held('brokers', 13),
  ambient: held('world', 2),
  recovery: held('world', 19),
  bounds: held('world', 19),
  determinism: held('world', 2),
  halted: held('world', 6, 19),
} as const satisfies Readonly<Record<string, Held>>;

export type CheckName = keyof typeof CHECK_TABLE;

/** The checks that can be made where there is such evidence and no other. */
export const checksOn = (...evidence: readonly Evidence[]): readonly CheckName[] =>
  (Object.keys(CHECK_TABLE) as CheckName[]).filter((check) => evidence.includes(CHECK_TABLE[check].needs));

/** The one that the check is there for comes first. */
export const promisesOf = (check: CheckName): readonly [PromiseNumber, ...PromiseNumber[]] => CHECK_TABLE[check].promises;
