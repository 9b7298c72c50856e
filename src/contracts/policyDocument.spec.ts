import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describeError } from './contractError';
import { decimal } from './decimal';
import { policyHash, readPolicy } from './policyDocument';
import { invalidSamples, streamSamples, vectorSamples } from '../../test/samples/samples';

const POLICY = `version: "0.1"
timezone: "UTC"
defaults:
  mode: "enforce"
  decision: "deny"
limits:
  exposure:
    max_position_pct: 0.10
    max_gross_exposure_x: 2.0
    max_net_exposure_x: 1.0
  loss:
    daily_loss_limit_pct: 0.02
    max_drawdown_pct: 0.05
  execution:
    max_orders_per_minute_global: 20
    max_orders_per_minute_by_strategy: 10
  kill_switch:
    trip_on_rules: ["LOSS-002"]
    trip_after_n_violations: 3
    violation_window_seconds: 300
overrides:
  symbols: {}
  strategies: {}
`;
const LEAST = `limits:
  exposure: {max_position_pct: 0.1, max_gross_exposure_x: 2}
  loss: {daily_loss_limit_pct: 0.02, max_drawdown_pct: 0.05}
  execution: {max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10}
  kill_switch: {trip_after_n_violations: 3, violation_window_seconds: 300}
`;

const errors = (input: string | Uint8Array) => {
  const read = readPolicy(input, 'p.yaml');
  return read.ok ? ['accepted'] : read.error.map(describeError);
};
/** The errors of the policy with one piece of its text replaced. */
const changed = (from: string, to: string) => {
  expect(POLICY).toContain(from);
  return errors(POLICY.replace(from, () => to));
};
const policyOf = (text: string) => {
  const read = readPolicy(text, 'p.yaml');
  if (!read.ok) throw new Error(read.error.map(describeError).join('\n'));
  return read.value;
};

describe('the samples', () => {
  const fields: Record<string, string> = {
    'sample-x-001': 'version',
    'sample-x-002': 'timezone',
    'sample-x-003': 'defaults.mode',
    'sample-x-004': 'limits.exposure.max_position_pct',
    'sample-x-005': 'limits.execution.max_orders_per_minute_global',
    'sample-x-006': 'limits.kill_switch.trip_on_rules',
    'sample-x-007': 'owner',
    'sample-x-008': 'limits.loss.note',
    'sample-x-009': 'overrides.symbols.TSLA.exposure.max_gross_exposure_x',
    'sample-x-010': 'limits.loss.max_drawdown_pct',
  };
  it.each(invalidSamples().filter(({ kind }) => kind === 'policy'))('$id is refused, by its field: $reason', ({ id, text }) => {
    const read = readPolicy(text, id);
    expect(read.ok ? ['accepted'] : read.error.map(({ path }) => path)).toEqual([fields[id]]);
  });

  it('accepts every valid policy, and hashes it as expected', () => {
    for (const { policy_yaml: text } of vectorSamples()) expect(errors(text)).toEqual(['accepted']);
    for (const { policy_yaml: text, expected } of streamSamples()) {
      expect(errors(text)).toEqual(['accepted']);
      expect(Buffer.from(policyHash(text)).toString('hex')).toBe(expected.policy_hash);
    }
  });
});

it('reads limits exactly, whole blocks of overrides, and fills in the defaults', () => {
  expect(policyOf(LEAST)).toEqual({
    warnings: [],
    policy: {
      version: '0.1',
      timezone: 'UTC',
      defaults: { mode: 'enforce', decision: 'deny' },
      limits: {
        exposure: { max_position_pct: decimal('0.1'), max_gross_exposure_x: decimal('2'), max_net_exposure_x: null },
        loss: { daily_loss_limit_pct: decimal('0.02'), max_drawdown_pct: decimal('0.05') },
        execution: { max_orders_per_minute_global: 20, max_orders_per_minute_by_strategy: 10 },
        kill_switch: { trip_on_rules: [], trip_after_n_violations: 3, violation_window_seconds: 300, cancel_open_orders: null },
      },
      overrides: { symbols: new Map(), strategies: new Map() },
    },
  });
  const overrides = `overrides:
  symbols:
    __proto__: {}
    constructor: {loss: null}
    "10": {exposure: {max_position_pct: 0.123456789012345678, max_gross_exposure_x: 1e1, max_net_exposure_x: null}}
  strategies:
    alpha beta: {execution: {max_orders_per_minute_global: 10000, max_orders_per_minute_by_strategy: 1.0}}
`;
  const { symbols, strategies } = policyOf(LEAST + overrides).policy.overrides;
  expect(new Map(symbols)).toEqual(
    new Map<string, unknown>([
      ['__proto__', { exposure: null, loss: null, execution: null }],
      ['constructor', { exposure: null, loss: null, execution: null }],
      [
        '10',
        {
          exposure: {
            max_position_pct: decimal('0.123456789012345678'),
            max_gross_exposure_x: decimal('10'),
            max_net_exposure_x: null,
          },
          loss: null,
          execution: null,
        },
      ],
    ]),
  );
  expect(strategies.get('alpha beta')?.execution).toEqual({
    max_orders_per_minute_global: 10_000,
    max_orders_per_minute_by_strategy: 1,
  });
});

describe('version "0.2"', () => {
  const WINDOW = 'violation_window_seconds: 300';
  const said = (version: string, value: string): string =>
    POLICY.replace('version: "0.1"', version).replace(WINDOW, `${WINDOW}\n    cancel_open_orders: ${value}`);
  const cancels = (text: string): boolean | null => policyOf(text).policy.limits.kill_switch.cancel_open_orders;

  it('is "0.1" that may say whether open orders are cancelled when the kill switch trips: they are, if it does not', () => {
    const second = POLICY.replace('version: "0.1"', 'version: "0.2"');
    expect(cancels(POLICY)).toBeNull();
    expect(cancels(second)).toBe(true);
    expect(cancels(said('version: "0.2"', 'true'))).toBe(true);
    expect(cancels(said('version: "0.2"', 'false'))).toBe(false);
    const { policy } = policyOf(POLICY);
    expect(policyOf(second).policy).toEqual({
      ...policy,
      version: '0.2',
      limits: { ...policy.limits, kill_switch: { ...policy.limits.kill_switch, cancel_open_orders: true } },
    });
  });

  it.each(['null', '"true"', '1', 'yes'])('refuses cancel_open_orders: %s', (value) =>
    expect(errors(said('version: "0.2"', value)).join('\n')).toMatch(
      /^p\.yaml:\d+:\d+: limits\.kill_switch\.cancel_open_orders: expected [^\n]*$/,
    ),
  );

  it.each(['version: "0.1"', '# no version'])('is needed for cancel_open_orders (%s), beside every other mistake', (version) => {
    const message = 'limits.kill_switch.cancel_open_orders: needs version "0.2" of the policy language: write `version: "0.2"`';
    for (const value of ['true', 'false', 'null'])
      expect(errors(said(version, value)).join('\n')).toMatch(new RegExp(`^p\\.yaml:\\d+:\\d+: ${escapeRegExp(message)}$`));
    const twice = said(version, 'true').replace('max_drawdown_pct: 0.05', 'max_drawdown_pct: 5');
    expect(errors(twice)).toHaveLength(2);
  });

  it('is the only mistake of a policy of a version that there is not', () =>
    expect(errors(said('version: "0.3"', 'false'))).toHaveLength(1));
});

it('takes comments, markers, either line end, a byte order mark, and a time zone in small letters', () => {
  for (const text of [
    `# ours\n---\n${POLICY}...\n# end\n`,
    POLICY.replaceAll('\n', '\r\n'),
    POLICY.replaceAll('\n', '\r'),
    `\ufeff${POLICY}`,
    POLICY.replace('"UTC"', 'utc'),
  ])
    expect(policyOf(text).policy).toEqual(policyOf(POLICY).policy);
});

it('warns that `defaults.decision: allow` changes nothing', () =>
  expect(policyOf(POLICY.replace('"deny"', 'allow')).warnings).toEqual([
    'p.yaml:5:13: defaults.decision: `allow` changes no verdict, the gate fails closed; write `deny`',
  ]));

it.each([
  [
    'max_position_pct: 0.10',
    ['0', '-0.1', '1.0000000000000001'],
    'limits.exposure.max_position_pct: expected a number above 0 and at most 1',
  ],
  ['max_gross_exposure_x: 2.0', ['0', '-1'], 'limits.exposure.max_gross_exposure_x: expected a number above zero'],
  ['max_net_exposure_x: 1.0', ['0', '"1.0"', '[]'], 'limits.exposure.max_net_exposure_x: expected a number above zero'],
  [
    'daily_loss_limit_pct: 0.02',
    ['0', '1.01', '', '~', '"0.02"', 'true', '2%'],
    'limits.loss.daily_loss_limit_pct: expected a number above 0',
  ],
  ['max_drawdown_pct: 0.05', ['0', '1.01', 'null'], 'limits.loss.max_drawdown_pct: expected a number above 0'],
  [
    'max_orders_per_minute_global: 20',
    ['0', '10001', '7.25', '"20"', 'true'],
    'limits.execution.max_orders_per_minute_global: expected a whole number from 1 to 10000',
  ],
  [
    'max_orders_per_minute_by_strategy: 10',
    ['0', '10001', '-1'],
    'limits.execution.max_orders_per_minute_by_strategy: expected a whole number from 1 to 10000',
  ],
  [
    'trip_after_n_violations: 3',
    ['0', '10001', '1e9'],
    'limits.kill_switch.trip_after_n_violations: expected a whole number from 1 to 10000',
  ],
  [
    'violation_window_seconds: 300',
    ['0', '31536001'],
    'limits.kill_switch.violation_window_seconds: expected a whole number from 1 to 31536000',
  ],
  ['trip_on_rules: ["LOSS-002"]', ['null', '{}', 'LOSS-002'], 'limits.kill_switch.trip_on_rules: expected a list of rule ids'],
  ['mode: "enforce"', ['audit', '', '1', 'Enforce'], 'defaults.mode: expected `enforce` or `monitor`'],
  ['decision: "deny"', ['reject', 'true'], 'defaults.decision: expected `deny` or `allow`'],
  ['version: "0.1"', ['0.1', '0.2', '"0.3"', '"0.20"', 'null'], 'version: expected "0.1" or "0.2" in quotes'],
  ['timezone: "UTC"', ['Europe/Paris', '0', 'GMT', 'null'], 'timezone: expected "UTC"'],
  ['symbols: {}', ['null', '[]', 'AAPL'], 'overrides.symbols: expected an object of overrides by name'],
] as const)('refuses other values than %s', (field, values, expected) => {
  const name = field.slice(0, field.indexOf(':'));
  for (const value of values)
    expect(changed(field, `${name}: ${value}`).join('\n')).toMatch(
      new RegExp(`^p\\.yaml:\\d+:\\d+: ${escapeRegExp(expected)}[^\n]*$`),
    );
});
const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

it.each([
  ['yes', 'a boolean'],
  ['NO', 'a boolean'],
  ['on', 'a boolean'],
  ['Off', 'a boolean'],
  ['1:30', 'a number in base 60'],
  ['1_000', 'a number'],
  ['0.0_5', 'a number'],
  ['2026-02-24', 'a date'],
])('refuses the YAML 1.1 form %s, as a value and as a name', (form, taken) => {
  const why = `expected a plain number or a text in quotes, found "${form}", which YAML 1.1 readers take as ${taken}`;
  expect(changed('max_drawdown_pct: 0.05', `max_drawdown_pct: ${form}`)).toEqual([
    `p.yaml:13:23: limits.loss.max_drawdown_pct: ${why}`,
  ]);
  const [error] = changed('symbols: {}', `symbols: {${form}: {}}`);
  expect(error).toContain(`${why}; put it in quotes`);
  expect(changed('symbols: {}', `symbols: {"${form}": {}}`)).toEqual(['accepted']);
});

it.each([
  ['024', 'expected a number without leading zeros, found "024": some readers take it as octal'],
  ['0.1.2', 'expected a number above 0 and at most 1, found the text "0.1.2"'],
  ['0x1', 'expected a number in decimal digits, found "0x1"'],
  ['0o7', 'expected a number in decimal digits, found "0o7"'],
  ['.nan', 'expected a finite number, found ".nan"'],
  ['-.inf', 'expected a finite number, found "-.inf"'],
  ['1e400', 'expected a number below 10^20 in size, found 1e400'],
  ['0.1234567890123456789', 'expected at most 18 digits after the point, found 0.1234567890123456789'],
])('refuses %s as a limit', (form, why) =>
  expect(changed('max_drawdown_pct: 0.05', `max_drawdown_pct: ${form}`)).toEqual([
    `p.yaml:13:23: limits.loss.max_drawdown_pct: ${why}`,
  ]),
);

it.each([
  ['.05', '0.05'],
  ['5.e-2', '0.05'],
  ['+0.05', '0.05'],
  ['1.', '1'],
  ['0.050000000000000000000', '0.05'],
])('reads %s as the number that every reader takes it for', (form, value) =>
  expect(
    policyOf(POLICY.replace('max_drawdown_pct: 0.05', `max_drawdown_pct: ${form}`)).policy.limits.loss.max_drawdown_pct,
  ).toBe(decimal(value)),
);

it.each([
  ['an anchor', 'exposure:', 'exposure: &x', 'p.yaml:7:13: expected no anchor, found "&x"; write the value out'],
  ['an alias', 'symbols: {}', 'symbols: *x', 'p.yaml:22:12: expected no alias, found "*x"; write the value out'],
  [
    'a tag',
    'max_drawdown_pct: 0.05',
    'max_drawdown_pct: !!float 0.05',
    'p.yaml:13:23: expected no tag, found "!!float"; write the value out',
  ],
  ['a tag of ours', 'exposure:', 'exposure: !x', 'p.yaml:7:13: expected no tag, found "!x"; write the value out'],
  [
    'a directive',
    'version: "0.1"',
    '%YAML 1.1\n---\nversion: "0.1"',
    'p.yaml:1:1: expected no directive, found "%YAML 1.1"; policies are YAML 1.2 and need none',
  ],
  ['a second document', 'overrides:', '---\noverrides:', 'p.yaml:21:1: expected one document, found several'],
  [
    'a merge key',
    'symbols: {}',
    'symbols: {<<: {}}',
    'p.yaml:22:13: overrides.symbols["<<"]: expected a plain number or a text in quotes, found "<<", which YAML 1.1 readers take as an instruction; put it in quotes',
  ],
  [
    'a key that is a number',
    'symbols: {}',
    'symbols: {700: {}}',
    'p.yaml:22:13: overrides.symbols["700"]: expected a text as the key, found `700`; put it in quotes',
  ],
  [
    'a key that is null',
    'symbols: {}',
    'symbols: {~: {}}',
    'p.yaml:22:13: overrides.symbols["~"]: expected a text as the key, found `~`; put it in quotes',
  ],
  [
    'a key that is a list',
    'symbols: {}',
    'symbols: {[a]: {}}',
    'p.yaml:22:13: overrides.symbols: expected a text as the key, found a list or a mapping',
  ],
  [
    'a key with control characters',
    'symbols: {}',
    'symbols: {"a\\tb": {}}',
    'p.yaml:22:13: overrides.symbols["a\\tb"]: expected a name without control characters as the key',
  ],
  [
    'an empty key',
    'symbols: {}',
    'symbols: {"": {}}',
    'p.yaml:22:13: overrides.symbols[""]: expected a name that is not empty as the key',
  ],
  [
    'a duplicate key',
    'symbols: {}',
    'symbols: {A: {}, "A": {}}',
    'p.yaml:22:20: overrides.symbols.A: duplicate key; each key may stand once',
  ],
  [
    'a duplicate `__proto__`',
    'symbols: {}',
    'symbols: {__proto__: {}, __proto__: {}}',
    'p.yaml:22:28: overrides.symbols.__proto__: duplicate key; each key may stand once',
  ],
  [
    'an override that is null',
    'symbols: {}',
    'symbols: {A: null}',
    'p.yaml:22:16: overrides.symbols.A: expected an object, found null',
  ],
  [
    'defaults that are null',
    '  mode: "enforce"\n  decision: "deny"\n',
    '',
    'p.yaml:3:10: defaults: expected an object, found null',
  ],
  ['overrides that are null', '  symbols: {}\n  strategies: {}\n', '', 'p.yaml:21:11: overrides: expected an object, found null'],
  ['a mistyped field', 'mode:', 'mod:', 'p.yaml:4:3: defaults.mod: unknown field; did you mean `mode`?'],
  [
    'an unknown rule',
    '"LOSS-002"',
    'LOSS-02',
    'p.yaml:18:21: limits.kill_switch.trip_on_rules[0]: expected `SYS-001`, `SYS-002`, `KILL-001`, `LOSS-001`, `LOSS-002`, `EXEC-001`, `EXEC-002`, `EXP-001`, `EXP-002` or `EXP-003`, found the text "LOSS-02"; did you mean `LOSS-002`?',
  ],
] as const)('refuses %s', (_name, from, to, expected) => expect(changed(from, to)).toEqual([expected]));

it('lists every mistake, in the order of the text', () => {
  const text = POLICY.replace('mode: "enforce"', 'mode: audit')
    .replace('max_drawdown_pct: 0.05', 'max_drawdown_pc: yes')
    .replace('trip_after_n_violations: 3', 'trip_after_n_violations: 0');
  expect(errors(text)).toEqual([
    'p.yaml:4:9: defaults.mode: expected `enforce` or `monitor`, found the text "audit"',
    'p.yaml:11:3: limits.loss.max_drawdown_pct: required field is missing',
    expect.stringContaining('p.yaml:13:22: limits.loss.max_drawdown_pc: expected a plain number or a text in quotes'),
    'p.yaml:19:30: limits.kill_switch.trip_after_n_violations: expected a whole number from 1 to 10000, found 0',
  ]);
});

it.each([
  ['nothing', '', 'expected a document, found none'],
  ['comments', '# a\n# b\n', 'expected a document, found none'],
  ['a list', '- a\n', 'expected a mapping with `limits` at the top level'],
  ['a text', 'policy', 'expected a mapping with `limits` at the top level'],
  ['broken YAML', 'a: [1\nb: 2\n', 'not valid YAML'],
  ['a tab', 'limits:\n\tloss: {}\n', 'not valid YAML'],
  ['a control character', 'a: "\u0007"', 'expected printable text'],
  ['flow levels without end', '['.repeat(5000), 'at most 32'],
  ['flow levels with an end', '['.repeat(5000) + ']'.repeat(5000), 'at most 32'],
  ['block levels on a line', '- '.repeat(5000), 'at most 32'],
  ['explicit keys on a line', '? '.repeat(5000), 'at most 32'],
  ['block levels by indent', Array.from({ length: 100 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'), 'at most 32'],
  ['brackets that nothing opened', '}'.repeat(60_000), 'without its opening bracket'],
  ['quotes in a row', '"'.repeat(60_000), 'expected a comma, a colon or a new line before this'],
  ['lists in a row', '[]'.repeat(30_000), 'expected a comma, a colon or a new line before this'],
  ['too many bytes', `# ${'x'.repeat(65_535)}`, 'at most 65536 bytes'],
] as const)('refuses %s', (_name, text, why) => expect(errors(text)[0]).toContain(why));

it('refuses bytes that are no UTF-8', () =>
  expect(errors(Uint8Array.of(0x61, 0xff))).toEqual([expect.stringContaining('expected UTF-8 text')]));

it('hashes the text with line feeds, as text or as bytes', () => {
  const sha256 = createHash('sha256').update(POLICY).digest();
  for (const text of [POLICY, POLICY.replaceAll('\n', '\r\n'), POLICY.replaceAll('\n', '\r')]) {
    expect(sha256.equals(policyHash(text))).toBe(true);
    expect(sha256.equals(policyHash(Buffer.from(text)))).toBe(true);
  }
  expect(sha256.equals(policyHash(`${POLICY} `))).toBe(false);
});

it('never throws, and never takes a changed text for another policy without a reason', () => {
  const pieces = [
    '&a',
    '*a',
    '!!x ',
    '<<: ',
    '? ',
    '- ',
    ': ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '|\n',
    '>',
    '#',
    '%',
    '@',
    '\t',
    '\n',
    '---\n',
    '...\n',
    '.inf',
    '1e999999',
    '\u0000',
    '\ud800',
    '\u0085',
    'null',
    '~',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(POLICY.length), fc.nat(8), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 5 }),
      (edits) => {
        let text = POLICY;
        for (const [at, removed, added] of edits) text = text.slice(0, at) + added + text.slice(at + removed);
        for (const error of errors(text)) expect(error).toMatch(/^[^\n\u0000-\u001f\u007f]+$/);
      },
    ),
    { numRuns: 500 },
  );
});
