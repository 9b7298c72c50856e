/** Records that nobody should have sent: whatever the code that reads them, they are no inputs. */
import type { Codec } from '../../../src/contracts/avro/codec';
import { decimal, negated, ONE, ZERO } from '../../../src/contracts/decimal';
import type { Decimal } from '../../../src/contracts/decimal';
import type { InputTopic } from '../../../src/contracts/topics';
import { CONTROL_EVENTS, EVERY_RUN, EXECUTION_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../../../src/contracts/topics';
import type { Random } from '../../support/random';

export interface PoisonRecord {
  readonly what: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

type Made = Omit<PoisonRecord, 'what'>;
/** From a key and a value that would be taken. */
type Recipe = (given: { readonly key: Buffer; readonly value: Buffer; readonly random: Random; readonly codec: Codec }) => Made;

const HEADER_BYTES = 5;
/** Above what an input may have. */
const TOO_MANY_BYTES = 66_000;

/** The head of a control event whose payload is a RunStarted with an array that says it has 30 million items; garbage elsewhere. */
const HUGE_BLOCK = Buffer.concat([
  Buffer.from([2, 0x61, 2, 0x62, 0, 2, 0x63, 2, 0x64, 2, 1, 2, 1, 2, 1]),
  Buffer.from([0x80, 0x8e, 0xce, 0x1c]),
]);

const VALUES: Readonly<Record<string, Recipe>> = {
  'random bytes': ({ key, random }) => ({ key, value: random.bytes(random.between(6, 60)) }),
  'a random body': ({ key, value, random }) => ({
    key,
    value: Buffer.concat([headerOf(value), Buffer.from([255]), random.bytes(60)]),
  }),
  'no value': ({ key }) => ({ key, value: null }),
  'an empty value': ({ key }) => ({ key, value: Buffer.alloc(0) }),
  'a header alone': ({ key, value }) => ({ key, value: headerOf(value) }),
  'another magic byte': ({ key, value }) => ({ key, value: Buffer.concat([Buffer.from([1]), value.subarray(1)]) }),
  'an unknown schema id': ({ key, value }) => ({
    key,
    value: Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), value.subarray(HEADER_BYTES)]),
  }),
  "another topic's schema id": ({ key, value, codec }) => ({
    key,
    value: Buffer.concat([headerOf(codec.encodeKey(EXECUTION_EVENTS, KEY)), value.subarray(HEADER_BYTES)]),
  }),
  'cut off': ({ key, value, random }) => ({ key, value: value.subarray(0, value.length - random.between(1, 4)) }),
  'bytes left over': ({ key, value, random }) => ({ key, value: Buffer.concat([value, Buffer.alloc(random.between(1, 3))]) }),
  'a block of 30 million items': ({ key, value }) => ({ key, value: Buffer.concat([headerOf(value), HUGE_BLOCK]) }),
  'much too long': ({ key, value }) => ({ key, value: Buffer.concat([value, Buffer.alloc(TOO_MANY_BYTES)]) }),
  'text that is not UTF-8': ({ key, value }) => ({ key, value: withByte(value, 0xff) }),
};
/** Of topics whose key says which run is meant. */
const KEYS: Readonly<Record<string, Recipe>> = {
  'no key': ({ value }) => ({ key: null, value }),
  'an empty key': ({ value }) => ({ key: Buffer.alloc(0), value }),
  'a key that is not UTF-8': ({ value }) => ({ key: Buffer.from([0xff, 0xfe, 0x41]), value }),
  'a key of four zero bytes': ({ value }) => ({ key: Buffer.alloc(4), value }),
  'a key of 1 KB': ({ value }) => ({ key: Buffer.alloc(1_000, 'x'), value }),
};
const OF_INTENTS: Readonly<Record<string, Recipe>> = {
  'every run as the key of an intent': ({ value }) => ({ key: Buffer.from(EVERY_RUN), value }),
  'an id with a control character': ({ key, value }) => ({ key, value: withByte(value, 0x07) }),
};
const OF_CONTROLS: Readonly<Record<string, Recipe>> = {
  'an unsigned reset of every run': ({ codec }) => ({
    key: Buffer.from(EVERY_RUN),
    value: codec.encodeValue(CONTROL_EVENTS, { actor: '', reason: 'no name', payload: { type: 'KillSwitchReset' } }),
  }),
  'new figures for every run': ({ codec }) => ({ key: Buffer.from(EVERY_RUN), value: figures(codec, ONE) }),
  'no equity': ({ key, codec }) => ({ key, value: figures(codec, ZERO) }),
  'equity below zero': ({ key, codec }) => ({ key, value: figures(codec, negated(ONE)) }),
};

/** What can be wrong on each topic. Prices and executions are known by their values: their keys are for partitioning only. */
export const POISON: Readonly<Record<InputTopic, Readonly<Record<string, Recipe>>>> = {
  [ORDER_INTENTS]: { ...VALUES, ...KEYS, ...OF_INTENTS },
  [MARKET_PRICES]: VALUES,
  [CONTROL_EVENTS]: { ...VALUES, ...KEYS, ...OF_CONTROLS },
  [EXECUTION_EVENTS]: VALUES,
};

export const drawPoison = (random: Random, topic: InputTopic, codec: Codec): PoisonRecord =>
  madePoison(random, topic, codec, random.pick(Object.keys(POISON[topic])));

export const madePoison = (random: Random, topic: InputTopic, codec: Codec, what: string): PoisonRecord => {
  const recipe = POISON[topic][what];
  if (recipe === undefined) throw new RangeError(`no poison of ${topic} is called \`${what}\``);
  return { what, ...recipe({ key: validKey(topic, codec), value: validValue(topic, codec), random, codec }) };
};

const KEY = { run_id: 'run-1', intent_id: 'poisoned' };
/** A text in every value, to be spoilt. */
const MARK = 'poisoned';

const validKey = (topic: InputTopic, codec: Codec): Buffer =>
  topic === EXECUTION_EVENTS ? codec.encodeKey(topic, KEY) : Buffer.from(KEY.run_id, 'utf8');

/** A record of each input topic that would be taken, if it were not for what is done to it. */
const validValue = (topic: InputTopic, codec: Codec): Buffer => {
  switch (topic) {
    case ORDER_INTENTS:
      return codec.encodeValue(topic, {
        ...{ intent_id: MARK, timestamp: '2026-02-24T09:30:01Z', strategy_id: 'alpha', account_id: 'account-0' },
        instrument: { symbol: 'AAPL', asset_class: 'equity' },
        ...{ side: 'buy', order_type: 'market', qty: ONE, limit_price: null },
      });
    case MARKET_PRICES:
      return codec.encodeValue(topic, { symbol: MARK, price: decimal('123456') });
    case CONTROL_EVENTS:
      return codec.encodeValue(topic, { actor: 'stranger', reason: MARK, payload: { type: 'KillSwitchTripped' } });
    case EXECUTION_EVENTS:
      return codec.encodeValue(topic, {
        ...{ event: 'ORDER_FILLED', run_id: 'run-1', intent_id: MARK, order_id: 'STRANGER-1', symbol: 'AAPL', side: 'buy' },
        ...{ order_type: 'market', qty: ONE, price: ONE, cum_qty: ONE, leaves_qty: ZERO },
        ...{ client_order_id: '', code: null, reason: null, policy_hash: new Uint8Array(32), decision_offset: 0 },
      });
  }
};

const figures = (codec: Codec, equity: Decimal): Buffer =>
  codec.encodeValue(CONTROL_EVENTS, {
    ...{ actor: 'stranger', reason: 'a slip' },
    payload: { type: 'PortfolioUpdated', equity, start_of_day_equity: ONE, peak_equity: ONE, positions: null },
  });

const headerOf = (value: Buffer): Buffer => value.subarray(0, HEADER_BYTES);

const withByte = (value: Buffer, byte: number): Buffer => {
  const spoilt = Buffer.from(value);
  spoilt[spoilt.indexOf(MARK)] = byte;
  return spoilt;
};
