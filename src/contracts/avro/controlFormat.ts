/** The Avro body of ControlEvent. Fields in the order of avro/ControlEvent.avsc and of the records that it holds. */
import type { Decimal } from '../decimal';
import type { ControlEvent, ControlPayload, ExecutionState, PortfolioState, PortfolioUpdated, RunStarted } from '../messages';
import { readList, readMap, writeList, writeMap } from './lists';
import { readOptional, writeOptional } from './optional';
import type { Reader } from './reader';
import { readSymbol, writeSymbol } from './symbols';
import type { Writer } from './writer';

/** The branches of the payload's union. */
const PAYLOADS: readonly ControlPayload['type'][] = [
  'RunStarted',
  'RunEnded',
  'PortfolioUpdated',
  'PolicyActivated',
  'KillSwitchTripped',
  'KillSwitchReset',
];
/** What an element takes at least, in bytes, its name apart. */
const SMALLEST = { quantity: 16, orders: 1, violation: 2 };

export const writeControlEvent = (writer: Writer, control: ControlEvent): void => {
  writer.string(control.actor);
  writer.string(control.reason);
  const { payload } = control;
  writeSymbol(writer, PAYLOADS, payload.type);
  switch (payload.type) {
    case 'RunStarted':
      writer.string(payload.account_id);
      writer.string(payload.policy_text);
      writePortfolio(writer, payload.portfolio);
      writeExecutionState(writer, payload.execution);
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
});

const readPortfolioUpdated = (reader: Reader): PortfolioUpdated => ({
  type: 'PortfolioUpdated',
  equity: reader.decimal(),
  start_of_day_equity: reader.decimal(),
  peak_equity: reader.decimal(),
  positions: readOptional(reader, readQuantities),
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
