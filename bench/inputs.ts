/** The workload as records of the topics. */
import type { Codec } from '../src/contracts/avro/codec';
import type { ControlPayload, PublishedDecision } from '../src/contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../src/contracts/topics';
import type { OutgoingRecord } from '../src/processor/bus';
import { fillOf, intentAt, policyText, portfolioOf, pricesOf, RUN_ID, START_MS, timeOf } from './workload';

/** A run, and the partition that it lives in. */
export interface Home {
  readonly runId: string;
  readonly partition: number;
}

const ONLY: Home = { runId: RUN_ID, partition: 0 };

/** The prices of all symbols, and the start of the run. */
export const openingRecords = (codec: Codec, symbols: number, { runId, partition } = ONLY): readonly OutgoingRecord[] => {
  const payload: ControlPayload = {
    type: 'RunStarted',
    account_id: 'bench-account',
    policy_text: policyText(symbols),
    portfolio: portfolioOf(symbols),
    execution: {
      orders_last_60s_global: 0,
      orders_last_60s_by_strategy: new Map(),
      violations_last_window: [],
      kill_switch_active: false,
    },
    equity_mode: 'fixed',
  };
  const started = codec.encodeValue(CONTROL_EVENTS, { actor: 'bench', reason: '', payload });
  const prices = [...pricesOf(symbols)].map(([symbol, price]): OutgoingRecord => ({
    topic: MARKET_PRICES,
    partition,
    key: Buffer.from(symbol),
    value: codec.encodeValue(MARKET_PRICES, { symbol, price }),
    timestamp: START_MS,
  }));
  return [...prices, { topic: CONTROL_EVENTS, partition, key: Buffer.from(runId), value: started, timestamp: START_MS }];
};

export const intentRecord = (codec: Codec, number: number, symbols: number, { runId, partition } = ONLY): OutgoingRecord => ({
  topic: ORDER_INTENTS,
  partition,
  key: Buffer.from(runId),
  value: codec.encodeValue(ORDER_INTENTS, intentAt(number, symbols)),
  timestamp: timeOf(number),
});

export const intentRecords = (
  codec: Codec,
  from: number,
  count: number,
  symbols: number,
  home = ONLY,
): readonly OutgoingRecord[] => Array.from({ length: count }, (_, at) => intentRecord(codec, from + at, symbols, home));

/** Fills of those decisions that admitted an order. */
export const fillRecords = (codec: Codec, decisions: readonly PublishedDecision[]): readonly OutgoingRecord[] =>
  decisions.flatMap((decision) => {
    const event = fillOf(decision);
    if (event === undefined) return [];
    return [
      {
        topic: EXECUTION_EVENTS,
        partition: 0,
        key: codec.encodeKey(EXECUTION_EVENTS, { run_id: event.run_id, intent_id: event.intent_id }),
        value: codec.encodeValue(EXECUTION_EVENTS, event),
        timestamp: decision.clock,
      },
    ];
  });
