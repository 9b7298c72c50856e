/** The Avro body of StateEntity. Fields in the order of avro/StateEntity.avsc and of the entities that it holds. */
import type { EntityKind, InitialViolation, IntentEntity, RunEntity, StateEntity } from '../messages';
import { readOrderCounts, writeOrderCounts } from './controlFormat';
import { readList, readTexts, writeList, writeTexts } from './lists';
import { readOptionalNotional, readOptionalSha256, SHA256_BYTES, writeOptionalNotional, writeOptionalSha256 } from './optional';
import { readInputPositions, writeInputPositions } from './positionsFormat';
import type { Reader } from './reader';
import { EQUITY_MODES, ORDER_STATUSES, readSymbol, RUN_STATUSES, SIDES, VERDICTS, writeSymbol } from './symbols';
import type { Writer } from './writer';

/** The branches of the entity's union. */
export const ENTITY_KINDS: readonly EntityKind[] = [
  'run',
  'position',
  'intent',
  'price',
  'policy',
  'positions',
  'fence',
  'shard',
];
const DIGEST_BYTES = 8;
const SMALLEST_VIOLATION = 2;

export const writeStateEntity = (writer: Writer, entity: StateEntity): void => {
  writeSymbol(writer, ENTITY_KINDS, entity.kind);
  switch (entity.kind) {
    case 'run':
      writeRun(writer, entity);
      break;
    case 'position':
      writer.decimal(entity.qty);
      break;
    case 'intent':
      writeIntent(writer, entity);
      break;
    case 'price':
      writer.decimal(entity.price);
      break;
    case 'policy':
      writer.string(entity.text);
      break;
    case 'positions':
      writeInputPositions(writer, entity.positions);
      break;
    case 'fence':
      writer.string(entity.owner);
      break;
    case 'shard':
      writer.boolean(entity.kill_switch_active);
      break;
  }
};

export const readStateEntity = (reader: Reader): StateEntity => {
  const kind = readSymbol(reader, ENTITY_KINDS);
  switch (kind) {
    case 'run':
      return readRun(reader);
    case 'position':
      return { kind, qty: reader.decimal() };
    case 'intent':
      return readIntent(reader);
    case 'price':
      return { kind, price: reader.decimal() };
    case 'policy':
      return { kind, text: reader.string() };
    case 'positions':
      return { kind, positions: readInputPositions(reader) };
    case 'fence':
      return { kind, owner: reader.string() };
    case 'shard':
      return { kind, kill_switch_active: reader.boolean() };
  }
};

const writeRun = (writer: Writer, run: RunEntity): void => {
  writeSymbol(writer, RUN_STATUSES, run.status);
  writer.string(run.account_id);
  writer.decimal(run.equity);
  writer.decimal(run.start_of_day_equity);
  writer.decimal(run.peak_equity);
  writer.decimal(run.realized_pnl_today);
  writer.decimal(run.unrealized_pnl);
  writer.boolean(run.kill_switch_active);
  writer.long(run.clock);
  writer.long(run.next_seq);
  writer.fixed(run.chain_hash, SHA256_BYTES);
  writeOptionalSha256(writer, run.policy_hash);
  writer.long(run.started_at);
  writer.long(run.initial_orders_global);
  writeOrderCounts(writer, run.initial_orders_by_strategy);
  writeList(writer, run.initial_violations, writeInitialViolation);
  writer.long(run.violations_from_seq);
  writeSymbol(writer, EQUITY_MODES, run.equity_mode);
  writeOptionalNotional(writer, run.cash);
};

const readRun = (reader: Reader): RunEntity => ({
  kind: 'run',
  status: readSymbol(reader, RUN_STATUSES),
  account_id: reader.name(),
  equity: reader.decimal(),
  start_of_day_equity: reader.decimal(),
  peak_equity: reader.decimal(),
  realized_pnl_today: reader.decimal(),
  unrealized_pnl: reader.decimal(),
  kill_switch_active: reader.boolean(),
  clock: reader.long(),
  next_seq: reader.long(),
  chain_hash: reader.fixed(SHA256_BYTES),
  policy_hash: readOptionalSha256(reader),
  started_at: reader.long(),
  initial_orders_global: reader.long(),
  initial_orders_by_strategy: readOrderCounts(reader),
  initial_violations: readList(reader, SMALLEST_VIOLATION, readInitialViolation),
  violations_from_seq: reader.long(),
  equity_mode: readSymbol(reader, EQUITY_MODES),
  cash: readOptionalNotional(reader),
});

const writeInitialViolation = (writer: Writer, violation: InitialViolation): void => {
  writer.long(violation.at);
  writer.string(violation.rule_id);
};
const readInitialViolation = (reader: Reader): InitialViolation => ({ at: reader.long(), rule_id: reader.string() });

const writeIntent = (writer: Writer, intent: IntentEntity): void => {
  writer.long(intent.seq);
  writer.fixed(intent.digest, DIGEST_BYTES);
  writeSymbol(writer, VERDICTS, intent.decision);
  writer.string(intent.strategy_id);
  writer.string(intent.symbol);
  writeSymbol(writer, SIDES, intent.side);
  writer.decimal(intent.qty);
  writer.decimal(intent.cum_qty);
  writeSymbol(writer, ORDER_STATUSES, intent.status);
  writer.long(intent.decided_at);
  writeTexts(writer, intent.rule_ids);
};

const readIntent = (reader: Reader): IntentEntity => ({
  kind: 'intent',
  seq: reader.long(),
  digest: reader.fixed(DIGEST_BYTES),
  decision: readSymbol(reader, VERDICTS),
  strategy_id: reader.name(),
  symbol: reader.name(),
  side: readSymbol(reader, SIDES),
  qty: reader.decimal(),
  cum_qty: reader.decimal(),
  status: readSymbol(reader, ORDER_STATUSES),
  decided_at: reader.long(),
  rule_ids: readTexts(reader),
});
