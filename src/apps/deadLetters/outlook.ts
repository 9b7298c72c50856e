/**
 * What would become of a letter if it were published again now: its bytes are folded, as the processor would, into a copy of the shard's memory that is read
 * from `policy-state` and thrown away. The real one comes after what others publish until then, and may fare otherwise.
 */
import type { Codec } from '../../contracts/avro/codec';
import { formatDecimal } from '../../contracts/decimal';
import type { InputPlace } from '../../contracts/deadLetter';
import type { AuditRecord } from '../../contracts/messages';
import { AUDIT_RECORDS, DEAD_LETTERS, MARKET_PRICES, POLICY_STATE } from '../../contracts/topics';
import type { Bus, BusRecord } from '../../processor/bus';
import { fold } from '../../processor/fold';
import type { FoldContext } from '../../processor/foldContext';
import { POSITION_FIELD } from '../../processor/inputs';
import type { ShardState } from '../../processor/ledger';
import { recordsTo } from '../../processor/readTo';
import { ShardRestore } from '../../processor/restoreShard';
import { ENGINE_VERSION, realStopwatch } from '../session';

export interface Outlook {
  /** One line. */
  readonly says: string;
  /** Why it is better not retried; undefined: nothing speaks against it. */
  readonly against: string | undefined;
}

/** A shard's memory as of its last commit. Throws a StateError where the log does not give one. */
export const memoryOf = async (bus: Bus, codec: Codec, partition: number): Promise<ShardState> => {
  const restore = new ShardRestore(partition, codec);
  for await (const record of recordsTo(bus, { topic: POLICY_STATE, partition, offset: 0 })) restore.apply(record);
  return restore.finish();
};

/** `shard`: it is changed, and of no use afterwards. `at`: the time that the input would have, in ms since 1970. */
export const outlookOf = (codec: Codec, shard: ShardState, letter: BusRecord, { topic }: InputPlace, at: number): Outlook => {
  const before = new Map(shard.prices);
  const context: FoldContext = {
    shard,
    codec,
    engineVersion: ENGINE_VERSION,
    stopwatch: realStopwatch,
    observer: {},
    outputs: [],
  };
  fold(context, { ...letter, topic, offset: shard.positions[POSITION_FIELD[topic]], timestamp: at, headers: {} });
  const again = context.outputs.find((output) => output.topic === DEAD_LETTERS);
  if (again !== undefined) {
    const reason = again.headers?.reason ?? '';
    return { says: `it would be set aside again: ${reason}`, against: `it would be set aside again: ${reason}` };
  }
  if (topic === MARKET_PRICES) return outlookOfPrice(codec, letter, before);
  const records = context.outputs.flatMap((output) => {
    const audit = output.topic === AUDIT_RECORDS ? codec.decodeAudit(output.value) : undefined;
    return audit?.ok === true ? [audit.value.record] : [];
  });
  return {
    says: records[0] === undefined ? 'it would concern no run' : `it would be on record as ${recordText(records[0])}`,
    against: undefined,
  };
};

/** A price says what is, now: an old one must not take the place of a newer one unless somebody insists. */
const outlookOfPrice = (codec: Codec, { value }: BusRecord, before: ShardState['prices']): Outlook => {
  const update = codec.decodeValue(MARKET_PRICES, value);
  if (!update.ok) throw new TypeError('a price that was folded cannot be read');
  const { symbol, price } = update.value;
  const now = before.get(symbol);
  const says = `${symbol} would have ${price === null ? 'no price' : `the price ${formatDecimal(price)}`} from then on`;
  if (now === undefined || now === price) return { says, against: undefined };
  return { says, against: `it is a price of an earlier time, and would take the place of ${formatDecimal(now)} for ${symbol}` };
};

/** An audit record in a few words. */
export const recordText = ({
  kind,
  decision,
  note,
  run_id: run,
}: Pick<AuditRecord, 'kind' | 'decision' | 'note' | 'run_id'>): string =>
  `${kind}${decision === null ? '' : ` ${decision.decision}`} of run ${run}${note === null ? '' : `: ${note}`}`;
