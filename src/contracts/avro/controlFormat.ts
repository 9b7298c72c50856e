/** The Avro body of ControlEvent. Fields in the order of avro/ControlEvent.avsc and of the records that it holds. */
import type { Decimal } from '../decimal';
import type {
  ControlEvent,
  ControlPayload,
  ExecutionState,
  OrderResolved,
  PortfolioState,
  PortfolioUpdated,
  PositionDifference,
  PositionDrift,
  RunStarted,
} from '../messages';
import { readList, readMap, writeList, writeMap } from './lists';
import { readOptional, readOptionalDecimal, writeOptional, writeOptionalDecimal } from './optional';
import type { Reader } from './reader';
import { EQUITY_MODES, readSymbol, RESOLVED_OUTCOMES, writeSymbol } from './symbols';
import type { Writer } from './writer';

type UnionPayload = Exclude<ControlPayload, { type: 'SessionRolled' | 'PositionDrift' | 'OrderResolved' }>;
/** The branches of the payload's union. It cannot grow: later kinds have a field each beside it, at most one of which is set. */
const PAYLOADS: readonly UnionPayload['type'][] = [
  'RunStarted',
  'RunEnded',
  'PortfolioUpdated',
  'PolicyActivated',
  'KillSwitchTripped',
  'KillSwitchReset',
];
/** What an element takes at least, in bytes, its name apart. */
const SMALLEST = { quantity: 16, orders: 1, violation: 2, difference: 33 };
/** Stands in the union when a field beside it says what happened: no policy has an empty text, so that an older reader puts it on record as refused. */
const PLACEHOLDER: UnionPayload = { type: 'PolicyActivated', policy_text: '' };

export const writeControlEvent = (writer: Writer, control: ControlEvent): void => {
  writer.string(control.actor);
  writer.string(control.reason);
  const { payload } = control;
  const beside = payload.type === 'SessionRolled' || payload.type === 'PositionDrift' || payload.type === 'OrderResolved';
  writeUnion(writer, beside ? PLACEHOLDER : payload);
  // A record without fields is no bytes: that it is there is all it says.
  writer.index(payload.type === 'SessionRolled' ? 1 : 0);
  writeOptional(writer, payload.type === 'PositionDrift' ? payload : null, writePositionDrift);
  writeOptional(writer, payload.type === 'OrderResolved' ? payload : null, writeOrderResolved);
};

const writeUnion = (writer: Writer, payload: UnionPayload): void => {
  writeSymbol(writer, PAYLOADS, payload.type);
  switch (payload.type) {
    case 'RunStarted':
      writer.string(payload.account_id);
      writer.string(payload.policy_text);
      writePortfolio(writer, payload.portfolio);
      writeExecutionState(writer, payload.execution);
      writeSymbol(writer, EQUITY_MODES, payload.equity_mode);
      break;
    case 'PortfolioUpdated':
      writer.decimal(payload.equity);
      writer.decimal(payload.start_of_day_equity);
      writer.decimal(payload.peak_equity);
      writeOptional(writer, payload.positions, writeQuantities);
      break;
    case 'PolicyActivated':
      writer.string(payload.policy_text);
      break;
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
  }
};

export const readControlEvent = (reader: Reader): ControlEvent => ({
  actor: reader.string(),
  reason: reader.string(),
  payload: readPayload(reader),
});

const readPayload = (reader: Reader): ControlPayload => {
  const union = readUnion(reader);
  const rolled = reader.present();
  const drift = readOptional(reader, readPositionDrift);
  const resolved = readOptional(reader, readOrderResolved);
  if (!rolled && drift === null && resolved === null) return union;
  if (
    union.type !== 'PolicyActivated' ||
    union.policy_text !== '' ||
    Number(rolled) + Number(drift !== null) + Number(resolved !== null) > 1
  )
    reader.fail(
      'INVALID_VALUE',
      'a control event of several kinds: expected one, and an empty PolicyActivated beside a later kind',
    );
  return drift ?? resolved ?? { type: 'SessionRolled' };
};

const readUnion = (reader: Reader): UnionPayload => {
  const type = readSymbol(reader, PAYLOADS);
  switch (type) {
    case 'RunStarted':
      return readRunStarted(reader);
    case 'PortfolioUpdated':
      return readPortfolioUpdated(reader);
    case 'PolicyActivated':
      return { type, policy_text: reader.string() };
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
      return { type };
  }
};

const readRunStarted = (reader: Reader): RunStarted => ({
  type: 'RunStarted',
  account_id: reader.string(),
  policy_text: reader.string(),
  portfolio: readPortfolio(reader),
  execution: readExecutionState(reader),
  equity_mode: readSymbol(reader, EQUITY_MODES),
});

const readPortfolioUpdated = (reader: Reader): PortfolioUpdated => ({
  type: 'PortfolioUpdated',
  equity: reader.decimal(),
  start_of_day_equity: reader.decimal(),
  peak_equity: reader.decimal(),
  positions: readOptional(reader, readQuantities),
});

const writePositionDrift = (writer: Writer, drift: PositionDrift): void => {
  writer.string(drift.broker);
  writeList(writer, drift.differences, writeDifference);
};
const readPositionDrift = (reader: Reader): PositionDrift => ({
  type: 'PositionDrift',
  broker: reader.string(),
  differences: readList(reader, SMALLEST.difference, readDifference),
});

const writeDifference = (writer: Writer, difference: PositionDifference): void => {
  writer.string(difference.symbol);
  writer.decimal(difference.run_qty);
  writer.decimal(difference.broker_qty);
};
const readDifference = (reader: Reader): PositionDifference => ({
  symbol: reader.string(),
  run_qty: reader.decimal(),
  broker_qty: reader.decimal(),
});

const writeOrderResolved = (writer: Writer, resolved: OrderResolved): void => {
  writer.string(resolved.intent_id);
  writeSymbol(writer, RESOLVED_OUTCOMES, resolved.outcome);
  writer.decimal(resolved.cum_qty);
  writeOptionalDecimal(writer, resolved.price);
};
const readOrderResolved = (reader: Reader): OrderResolved => ({
  type: 'OrderResolved',
  intent_id: reader.string(),
  outcome: readSymbol(reader, RESOLVED_OUTCOMES),
  cum_qty: reader.decimal(),
  price: readOptionalDecimal(reader),
});

const writePortfolio = (writer: Writer, portfolio: PortfolioState): void => {
  writer.decimal(portfolio.equity);
  writer.decimal(portfolio.start_of_day_equity);
  writer.decimal(portfolio.peak_equity);
  writeQuantities(writer, portfolio.positions);
  writer.decimal(portfolio.realized_pnl_today);
  writer.decimal(portfolio.unrealized_pnl);
};

const readPortfolio = (reader: Reader): PortfolioState => ({
  equity: reader.decimal(),
  start_of_day_equity: reader.decimal(),
  peak_equity: reader.decimal(),
  positions: readQuantities(reader),
  realized_pnl_today: reader.decimal(),
  unrealized_pnl: reader.decimal(),
});

const writeExecutionState = (writer: Writer, execution: ExecutionState): void => {
  writer.long(execution.orders_last_60s_global);
  writeOrderCounts(writer, execution.orders_last_60s_by_strategy);
  writeList(writer, execution.violations_last_window, writeRecentViolation);
  writer.boolean(execution.kill_switch_active);
};

const readExecutionState = (reader: Reader): ExecutionState => ({
  orders_last_60s_global: reader.long(),
  orders_last_60s_by_strategy: readOrderCounts(reader),
  violations_last_window: readList(reader, SMALLEST.violation, readRecentViolation),
  kill_switch_active: reader.boolean(),
});

const writeQuantities = (writer: Writer, quantities: ReadonlyMap<string, Decimal>): void =>
  writeMap(writer, quantities, writeDecimal);
const readQuantities = (reader: Reader): ReadonlyMap<string, Decimal> => readMap(reader, SMALLEST.quantity, readDecimal);
const writeDecimal = (writer: Writer, value: Decimal): void => writer.decimal(value);
const readDecimal = (reader: Reader): Decimal => reader.decimal();

/** Orders by strategy: also a part of a run's entity. */
export const writeOrderCounts = (writer: Writer, orders: ReadonlyMap<string, number>): void =>
  writeMap(writer, orders, writeLong);
export const readOrderCounts = (reader: Reader): ReadonlyMap<string, number> => readMap(reader, SMALLEST.orders, readLong);
const writeLong = (writer: Writer, value: number): void => writer.long(value);
const readLong = (reader: Reader): number => reader.long();

type RecentViolation = ExecutionState['violations_last_window'][number];
const writeRecentViolation = (writer: Writer, [timestamp, ruleId]: RecentViolation): void => {
  writer.string(timestamp);
  writer.string(ruleId);
};
const readRecentViolation = (reader: Reader): RecentViolation => [reader.string(), reader.string()];
