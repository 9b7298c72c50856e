/** The numbered changes of docs/log-versions.md, as what each shows in an audit record that is folded again. */
import { RecordedInputs } from '../../src/audit/recordedInputs';
import { RefoldContext } from '../../src/audit/refoldContext';
import type { Session } from '../../src/apps/session';
import { canonicalJson } from '../../src/contracts/json/write';
import type { JsonOut } from '../../src/contracts/json/write';
import type { AuditRecord } from '../../src/contracts/messages';
import { fold } from '../../src/processor/fold';
import { auditsOf } from './goldenLog';

interface Pair {
  readonly recorded: AuditRecord;
  readonly again: AuditRecord;
}

/** What a record says, without the chain and the version, which differ by themselves. */
const says = (record: AuditRecord): string => canonicalJson(plain({ ...record, prev_hash: null, engine_version: null }));

const plain = (value: unknown): JsonOut => {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [String(key), plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value as JsonOut;
};

/** The record as it would be if the change had never been. */
const CHANGES: ReadonlyMap<number, (pair: Pair) => AuditRecord> = new Map([
  [
    1,
    ({ again }: Pair): AuditRecord =>
      again.decision === null
        ? again
        : { ...again, decision: { ...again.decision, kill_switch_tripped: false, control_position: -1 } },
  ],
  [
    2,
    ({ recorded, again }: Pair): AuditRecord =>
      again.kind === 'EXECUTION' && recorded.kind === 'REJECTED_INPUT' && again.note?.includes('after the run ended') === true
        ? { ...again, kind: recorded.kind, note: recorded.note }
        : again,
  ],
]);

export const CHANGE_NUMBERS = [...CHANGES.keys()];

export interface Differences {
  /** Audit records that show the change, by its number. */
  readonly counts: ReadonlyMap<number, number>;
  /** Where a record differs by none of them. */
  readonly unexplained: readonly string[];
}

/** Folds a session's log again and compares what its audit records say. */
export const differencesOf = async (session: Session): Promise<Differences> => {
  const counts = new Map<number, number>();
  const unexplained: string[] = [];
  for (let partition = 0; partition < session.bus.shards; partition += 1) {
    for await (const { recorded, again, offset } of foldedAgain(session, partition)) {
      const without = again === undefined ? undefined : withoutChanges({ recorded, again }, counts);
      if (without === undefined || says(without) !== says(recorded)) unexplained.push(`audit-records/${partition}@${offset}`);
    }
  }
  return { counts, unexplained };
};

const withoutChanges = ({ recorded, again }: Pair, counts: Map<number, number>): AuditRecord => {
  let record = again;
  for (const [number, undo] of CHANGES) {
    if (says(record) === says(recorded)) break;
    const undone = undo({ recorded, again: record });
    if (says(undone) === says(record)) continue;
    counts.set(number, (counts.get(number) ?? 0) + 1);
    record = undone;
  }
  return record;
};

async function* foldedAgain(
  session: Session,
  partition: number,
): AsyncGenerator<{ readonly recorded: AuditRecord; readonly again: AuditRecord | undefined; readonly offset: number }> {
  const made: AuditRecord[] = [];
  const context = new RefoldContext(partition, session.codec, { recorded: (record) => void made.push(record) });
  const inputs = RecordedInputs.open(session.bus, partition);
  try {
    for await (const { record, offset } of auditsOf(session, partition)) {
      if (made.length === 0) await inputs.feed(record, offset, (input) => fold(context, input));
      context.outputs.length = 0;
      yield { recorded: record, again: made.shift(), offset };
    }
  } finally {
    await inputs.close();
  }
}
