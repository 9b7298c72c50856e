/**
 * One record at a time into the shard's memory: decoded, folded, with everything that comes of it put among the outputs. Never throws for what a
 * record holds: unreadable ones are set aside with the reason, and the stream goes on.
 */
import { describeFault } from '../contracts/avro/decoded';
import type { Decimal } from '../contracts/decimal';
import type { PriceUpdated } from '../contracts/messages';
import { runIdFault } from '../contracts/runId';
import { CONTROL_EVENTS, EVERY_RUN, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../contracts/topics';
import { advanceClock, reprice } from '../domain/evolve';
import type { BusRecord } from './bus';
import type { FoldContext } from './foldContext';
import { setAside } from './foldContext';
import { foldControl, foldControlOfEveryRun } from './foldControl';
import { foldExecution } from './foldExecution';
import { foldIntent } from './foldIntent';
import { isInputTopic, POSITION_FIELD } from './inputs';
import { ledgerOf } from './ledger';
import type { RunLedger } from './ledger';

/** Folds a record of an input topic of the shard. A record that is folded already (by its offset) is passed over. */
export const fold = (context: FoldContext, input: BusRecord): void => {
  const { shard } = context;
  if (!isInputTopic(input.topic)) throw new TypeError(`${input.topic} is no input of the processor`);
  const field = POSITION_FIELD[input.topic];
  if (input.offset < shard.positions[field]) return;
  shard.positions[field] = input.offset + 1;
  switch (input.topic) {
    case ORDER_INTENTS:
      return readIntent(context, input);
    case EXECUTION_EVENTS:
      return readExecution(context, input);
    case CONTROL_EVENTS:
      return readControl(context, input);
    case MARKET_PRICES:
      return readPrice(context, input);
  }
};

const readIntent = (context: FoldContext, input: BusRecord): void => {
  const runId = textKey(context, input);
  if (runId === undefined) return;
  const intent = context.codec.decodeValue(ORDER_INTENTS, input.value);
  if (!intent.ok) return setAside(context, input, describeFault(intent.error));
  const ledger = ledgerAt(context, input, runId);
  if (ledger !== undefined) foldIntent(context, ledger, input, intent.value, intent.body);
};

const readExecution = (context: FoldContext, input: BusRecord): void => {
  const execution = context.codec.decodeValue(EXECUTION_EVENTS, input.value);
  if (!execution.ok) return setAside(context, input, describeFault(execution.error));
  const fault = runIdFault(execution.value.run_id);
  if (fault !== undefined) return setAside(context, input, fault);
  const ledger = ledgerAt(context, input, execution.value.run_id);
  if (ledger !== undefined) foldExecution(context, ledger, input, execution.value, execution.body);
};

const readControl = (context: FoldContext, input: BusRecord): void => {
  const runId = textKey(context, input);
  if (runId === undefined) return;
  const control = context.codec.decodeValue(CONTROL_EVENTS, input.value);
  if (!control.ok) return setAside(context, input, describeFault(control.error));
  if (runId === EVERY_RUN) return foldControlOfEveryRun(context, input, control.value);
  const ledger = ledgerAt(context, input, runId);
  if (ledger !== undefined) foldControl(context, ledger, input, control.value);
};

const readPrice = (context: FoldContext, input: BusRecord): void => {
  const price = context.codec.decodeValue(MARKET_PRICES, input.value);
  if (!price.ok) return setAside(context, input, describeFault(price.error));
  setPrice(context, price.value);
};

/** A price that is not above zero is none: what cannot be valued cannot be allowed. */
const setPrice = ({ shard, observer }: FoldContext, { symbol, price }: PriceUpdated): void => {
  const before: Decimal | undefined = shard.prices.get(symbol);
  const usable = price !== null && price > 0n ? price : undefined;
  if (usable === before) return;
  if (usable === undefined) shard.prices.delete(symbol);
  else shard.prices.set(symbol, usable);
  shard.touched.prices.add(symbol);
  observer.priced?.(symbol);
  for (const { state } of shard.runs.values()) reprice(state, symbol, before);
};

/** The run that a record belongs to, its clock moved on to the record's time. */
const ledgerAt = (context: FoldContext, input: BusRecord, runId: string): RunLedger | undefined => {
  const ledger = ledgerOf(context.shard, runId);
  if (ledger === undefined)
    setAside(context, input, `run \`${runId}\` was never started, and too many such runs are remembered already`);
  else advanceClock(ledger.state, input.timestamp);
  return ledger;
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The key as a run id; an unreadable one sets the record aside. */
const textKey = (context: FoldContext, input: BusRecord): string | undefined => {
  let text: string;
  try {
    text = input.key === null ? '' : UTF8.decode(input.key);
  } catch {
    setAside(context, input, 'key: not UTF-8; expected a run id');
    return undefined;
  }
  const fault = text === EVERY_RUN && input.topic === CONTROL_EVENTS ? undefined : runIdFault(text);
  if (fault === undefined) return text;
  setAside(context, input, fault);
  return undefined;
};
