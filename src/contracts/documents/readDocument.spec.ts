import fc from 'fast-check';
import { describeError } from '../contractError';
import { decimal } from '../decimal';
import { readJson } from '../json/readJson';
import { isJsonObject } from '../json/value';
import { invalidSamples, streamSamples, vectorSamples } from '../../../test/samples/samples';
import { readDocument, readDocumentValue, type JsonDocumentKind } from './readDocument';

const INTENT = {
  intent_id: 'nd-001',
  timestamp: '2026-02-24T09:30:01Z',
  strategy_id: 'momentum_v1',
  account_id: 'acct_1',
  instrument: { symbol: 'AAPL', asset_class: 'equity' },
  side: 'buy',
  order_type: 'limit',
  qty: 10,
  limit_price: 210,
};
const PORTFOLIO = { equity: 1, start_of_day_equity: 1, peak_equity: 1 };
const MARKET = { timestamp: '2026-02-24T09:30:00Z', prices: {} };

const answer = (kind: JsonDocumentKind, input: string | Uint8Array) => {
  const read = readDocument(kind, input);
  return read.ok ? 'accepted' : describeError(read.error).replace(/^line 1, column \d+: /, '');
};
const why = (kind: JsonDocumentKind, value: unknown) => answer(kind, JSON.stringify(value));
/** The document's text with `name` set to a raw JSON text, which need not be valid. */
const withRaw = (document: object, name: string, raw: string) =>
  JSON.stringify({ ...document, [name]: '@' }).replace('"@"', () => raw);

describe('the samples', () => {
  const kinds: Record<string, JsonDocumentKind> = {
    intent: 'order_intent',
    portfolio: 'portfolio_state',
    market: 'market_snapshot',
    execution: 'execution_state',
  };
  const fields: Record<string, string> = {
    'sample-x-011': 'qty',
    'sample-x-012': 'side',
    'sample-x-013': 'tag',
    'sample-x-015': 'timestamp',
    'sample-x-016': 'equity',
    'sample-x-017': 'margin',
    'sample-x-018': 'prices.TSLA',
    'sample-x-019': 'prices.TSLA',
    'sample-x-020': 'kill_switch_active',
  };
  it.each(invalidSamples().filter(({ kind }) => kind !== 'policy'))(
    '$id is refused, by its field: $reason',
    ({ id, kind, text }) => {
      const read = readDocument(kinds[kind]!, text);
      expect(read.ok ? 'accepted' : read.error.path).toBe(fields[id]);
    },
  );

  it('accepts every valid document', () => {
    const accepted = (kind: JsonDocumentKind, value: unknown) => expect(why(kind, value)).toBe('accepted');
    for (const sample of [...vectorSamples(), ...streamSamples()]) {
      accepted('portfolio_state', sample.portfolio);
      accepted('market_snapshot', sample.market);
      accepted('execution_state', sample.execution ?? {});
      for (const intent of 'intents' in sample ? sample.intents : [sample.intent]) accepted('order_intent', intent);
    }
    for (const { expected } of vectorSamples()) accepted('decision', expected);
    for (const { expected } of streamSamples()) {
      for (const decision of expected.decisions) accepted('decision', decision);
      accepted('run_summary', { ...expected.summary, run_id: 'r-1' });
    }
  });
});

it('reads an intent exactly', () => {
  const read = readDocument('order_intent', withRaw({ ...INTENT, limit_price: '210.10' }, 'qty', '33.333333333333336'));
  expect(read.ok && read.value).toEqual({ ...INTENT, qty: decimal('33.333333333333336'), limit_price: decimal('210.1') });
});

it('fills in what may be left out', () => {
  const execution = readDocument('execution_state', '{}');
  expect(execution.ok && execution.value).toEqual({
    orders_last_60s_global: 0,
    orders_last_60s_by_strategy: new Map(),
    violations_last_window: [],
    kill_switch_active: false,
  });
  const portfolio = readDocument('portfolio_state', JSON.stringify(PORTFOLIO));
  expect(portfolio.ok && portfolio.value).toMatchObject({ positions: new Map(), realized_pnl_today: 0n, unrealized_pnl: 0n });
  const intent = readDocument('order_intent', JSON.stringify({ ...INTENT, limit_price: undefined }));
  expect(intent.ok && intent.value.limit_price).toBeNull();
});

it.each([
  ['qty', '0', 'qty: expected a number above zero, found 0'],
  ['qty', '"0"', 'qty: expected a number above zero, found the text "0"'],
  ['qty', 'true', 'qty: expected a number above zero, found true'],
  ['qty', 'null', 'qty: expected a number above zero, found null'],
  ['qty', '"1e3"', 'qty: expected a number above zero, in a text only plain digits such as "10.5", found the text "1e3"'],
  ...[' 1', '1 ', '+1', '01', '1_0', 'inf', 'NaN', '', '.5', '5.', '0x1', '１'].map(
    (text) =>
      [
        'qty',
        JSON.stringify(text),
        `qty: expected a number above zero, in a text only plain digits such as "10.5", found the text "${text}"`,
      ] as const,
  ),
  ['qty', '1e-19', 'qty: expected at most 18 digits after the point, found 1e-19'],
  ['qty', '100000000000000000000', 'qty: expected a number below 10^20 in size, found 100000000000000000000'],
  ['qty', '1e400', 'qty: expected a number below 10^20 in size, found 1e400'],
  ['qty', `0.${'0'.repeat(60_000)}1`, `qty: expected at most 100 characters of number, found 0.${'0'.repeat(38)}...`],
  ['limit_price', '-0.01', 'limit_price: expected a number not below zero, found -0.01'],
  ['intent_id', '""', 'intent_id: expected a name that is not empty, found the text ""'],
  ['intent_id', '7', 'intent_id: expected a text, found 7'],
  ['intent_id', '"a\\u0000"', 'intent_id: expected a name without control characters, found the text "a\\u0000"'],
  ['account_id', '"a\\u007f"', 'account_id: expected a name without control characters, found the text "a\\u007f"'],
  ['strategy_id', '"\\u0085a"', 'strategy_id: expected a name without control characters, found the text "\\u0085a"'],
  ['strategy_id', '"\\udc00"', 'strategy_id: expected text, found half of a surrogate pair'],
  [
    'intent_id',
    `"${'x'.repeat(257)}"`,
    `intent_id: expected a name of at most 256 characters, found the text "${'x'.repeat(60)}..."`,
  ],
  ['side', '"Buy"', 'side: expected `buy` or `sell`, found the text "Buy"; did you mean `buy`?'],
  ['order_type', '"stop"', 'order_type: expected `market` or `limit`, found the text "stop"'],
  ['instrument', 'null', 'instrument: expected an object, found null'],
  ['instrument', '"AAPL"', 'instrument: expected an object, found the text "AAPL"'],
  ['instrument', '5', 'instrument: expected an object, found 5'],
  ['instrument', '[]', 'instrument: expected an object, found a list'],
  ['instrument', '{"symbol": "A"}', 'instrument.asset_class: required field is missing'],
  [
    'instrument',
    '{"symbol": "A", "asset_class": "stock"}',
    'instrument.asset_class: expected `equity`, `crypto`, `fx` or `futures`, found the text "stock"',
  ],
  ['instrument', '{"symbol": "A", "asset_class": "fx", "x": 1}', 'instrument.x: unknown field'],
  ['quantity', '1', 'quantity: unknown field'],
  ['limit_prise', '1', 'limit_prise: unknown field; did you mean `limit_price`?'],
  ['toString', '1', 'toString: unknown field'],
] as const)('refuses an intent with %s %.40s', (name, raw, expected) =>
  expect(answer('order_intent', withRaw(INTENT, name, raw))).toBe(expected),
);

it('refuses `__proto__` as a field, names a mistyped field rather than the missing one, and a document of another shape', () => {
  expect(answer('order_intent', JSON.stringify(INTENT).replace('"qty"', '"__proto__"'))).toBe('__proto__: unknown field');
  expect(answer('order_intent', JSON.stringify(INTENT).replace('"qty"', '"qyt"'))).toBe(
    'qyt: unknown field; did you mean `qty`?',
  );
  expect(why('order_intent', { ...INTENT, qty: undefined })).toBe('qty: required field is missing');
  expect(answer('order_intent', '[]')).toBe('expected an object, found a list');
  expect(answer('order_intent', '5')).toBe('expected an object, found 5');
  expect(answer('decision', '5')).toBe('expected an object, found 5');
});

it('judges no market order and no limit order without a price: that is the engine’s', () => {
  expect(why('order_intent', { ...INTENT, limit_price: null })).toBe('accepted');
  expect(why('order_intent', { ...INTENT, order_type: 'market' })).toBe('accepted');
});

it.each([
  ['orders_last_60s_global', '-1', 'orders_last_60s_global: expected a whole number from 0 to 2147483647, found -1'],
  ['orders_last_60s_global', '1.5', 'orders_last_60s_global: expected a whole number from 0 to 2147483647, found 1.5'],
  ['orders_last_60s_global', '"3"', 'orders_last_60s_global: expected a whole number from 0 to 2147483647, found the text "3"'],
  ['orders_last_60s_global', 'true', 'orders_last_60s_global: expected a whole number from 0 to 2147483647, found true'],
  [
    'orders_last_60s_global',
    '2147483648',
    'orders_last_60s_global: expected a whole number from 0 to 2147483647, found 2147483648',
  ],
  [
    'orders_last_60s_by_strategy',
    '{"a": -1}',
    'orders_last_60s_by_strategy.a: expected a whole number from 0 to 2147483647, found -1',
  ],
  ['orders_last_60s_by_strategy', '{"": 1}', 'orders_last_60s_by_strategy[""]: expected a name that is not empty as the key'],
  ['orders_last_60s_by_strategy', 'null', 'orders_last_60s_by_strategy: expected an object of counts by strategy, found null'],
  [
    'violations_last_window',
    '[["2026-02-24T09:29:00Z"]]',
    'violations_last_window[0]: expected a pair of a time and a rule id, found a list of 1',
  ],
  [
    'violations_last_window',
    '[["2026-02-24", "EXP-001"]]',
    'violations_last_window[0][0]: expected an RFC 3339 time in UTC such as "2026-02-24T09:30:01Z", found the text "2026-02-24"',
  ],
  ['violations_last_window', '{}', 'violations_last_window: expected a list of pairs of a time and a rule id, found an object'],
  ['kill_switch_active', '"no"', 'kill_switch_active: expected true or false, found the text "no"'],
  ['kill_switch_active', '0', 'kill_switch_active: expected true or false, found 0'],
] as const)('refuses an execution state with %s %s', (name, raw, expected) =>
  expect(answer('execution_state', withRaw({}, name, raw))).toBe(expected),
);

it('takes 10.0 and 1e1 for the whole number that they are', () => {
  for (const raw of ['10', '10.0', '1e1']) {
    const read = readDocument('execution_state', withRaw({}, 'orders_last_60s_global', raw));
    expect(read.ok && read.value.orders_last_60s_global).toBe(10);
  }
});

it('reads symbols that bite in JavaScript, and prices that only the engine refuses', () => {
  const prices = '{"__proto__": 1, "constructor": 2, "toString": 0, "10": -1, "hasOwnProperty": "5"}';
  const read = readDocument('market_snapshot', withRaw(MARKET, 'prices', prices));
  const expected = new Map([
    ['__proto__', decimal('1')],
    ['constructor', decimal('2')],
    ['toString', decimal('0')],
    ['10', decimal('-1')],
    ['hasOwnProperty', decimal('5')],
  ]);
  expect(read.ok && read.value.prices).toEqual(expected);
});

it('says on which line, and in which file', () => {
  const read = readDocument(
    'portfolio_state',
    '{\n  "equity": 1,\n  "start_of_day_equity": 1,\n  "peak_equity": -1\n}',
    'portfolio.json',
  );
  expect(read.ok || describeError(read.error)).toBe('portfolio.json:4:18: peak_equity: expected a number above zero, found -1');
});

it('reads a part of a document', () => {
  const body = readJson(`{"intent": ${JSON.stringify(INTENT)}}`);
  const value = body.ok && isJsonObject(body.value) ? (body.value.intent ?? null) : null;
  expect(readDocumentValue('order_intent', value).ok).toBe(true);
  expect(readDocumentValue('instrument', value)).toEqual({ ok: false, error: { path: 'intent_id', message: 'unknown field' } });
});

it('answers 64 KiB of anything in bounded time: no input costs more than its length', () => {
  const prices = `{${Array.from({ length: 5000 }, (_, i) => `"s${i}": 1`).join(',')}}`;
  expect(answer('market_snapshot', withRaw(MARKET, 'prices', prices))).toBe('accepted');
  expect(answer('market_snapshot', withRaw(MARKET, 'prices', `${prices.slice(0, -1)}, "s4999": 2}`))).toContain('duplicate key');
});

it('never throws, whatever the bytes', () => {
  const documents: [JsonDocumentKind, string][] = [
    ['order_intent', JSON.stringify(INTENT)],
    ['portfolio_state', JSON.stringify({ ...PORTFOLIO, positions: { AAPL: -1.5 } })],
    ['market_snapshot', JSON.stringify(MARKET)],
    [
      'execution_state',
      '{"violations_last_window": [["2026-02-24T09:29:00Z", "EXP-001"]], "orders_last_60s_by_strategy": {"a": 1}}',
    ],
    ['decision', JSON.stringify(vectorSamples()[0]!.expected)],
  ];
  const pieces = [
    'null',
    'true',
    '{}',
    '[]',
    '5',
    '-1',
    '"x"',
    '1e999999',
    '__proto__',
    '\\ud800',
    ',',
    '}',
    '{"a":',
    '9'.repeat(60),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.array(
        fc.tuple(fc.nat(400), fc.nat(20), fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 3 }))),
        { maxLength: 4 },
      ),
      ([kind, document], edits) => {
        let text = document;
        for (const [at, removed, added] of edits) text = text.slice(0, at) + added + text.slice(at + removed);
        const fromText = readDocument(kind, text);
        if (!fromText.ok) expect(describeError(fromText.error)).toMatch(/^[^\n\u0000-\u001f]+$/);
        if (!/\p{Surrogate}/u.test(text)) expect(readDocument(kind, Buffer.from(text))).toEqual(fromText);
      },
    ),
    { numRuns: 1000 },
  );
});
