import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { parse as parseYaml } from 'yaml';
import { invalidSamples, vectorSamples } from '../../../test/samples/samples';
import { DOCUMENT_KINDS, jsonSchemaFor, type DocumentKind } from './jsonSchemas';

const root = join(__dirname, '../../..');
const fileOf = (kind: DocumentKind) => join(root, 'docs/contracts', `${kind}.schema.json`);
const textOf = (kind: DocumentKind) => `${JSON.stringify(jsonSchemaFor(kind), null, 2)}\n`;

// After a change of a contract (docs/contracts.md says when one may change):
//   UPDATE_CONTRACTS=1 npx jest --selectProjects unit src/contracts/documents/jsonSchemas.spec.ts
if (process.env.UPDATE_CONTRACTS === '1') for (const kind of DOCUMENT_KINDS) writeFileSync(fileOf(kind), textOf(kind));

it.each(DOCUMENT_KINDS)(
  'docs/contracts holds the schema of %s that the code has (else run this spec with UPDATE_CONTRACTS=1)',
  (kind) => expect(readFileSync(fileOf(kind), 'utf8')).toBe(textOf(kind)),
);

it('docs/contracts holds a schema for each document, and no other', () =>
  expect(
    readdirSync(join(root, 'docs/contracts'))
      .filter((name) => name.endsWith('.schema.json'))
      .sort(),
  ).toEqual(DOCUMENT_KINDS.map((kind) => `${kind}.schema.json`).sort()));

describe('a validator that knows only the schemas', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
  const validators = new Map(DOCUMENT_KINDS.map((kind) => [kind, ajv.compile(jsonSchemaFor(kind))]));
  const faults = (kind: DocumentKind, value: unknown) => {
    const validate = validators.get(kind)!;
    return validate(value) ? [] : validate.errors;
  };

  it('accepts the documents of the samples', () => {
    for (const sample of vectorSamples()) {
      expect(faults('policy', parseYaml(sample.policy_yaml))).toEqual([]);
      expect(faults('portfolio_state', sample.portfolio)).toEqual([]);
      expect(faults('market_snapshot', sample.market)).toEqual([]);
      expect(faults('execution_state', sample.execution ?? {})).toEqual([]);
      expect(faults('order_intent', sample.intent)).toEqual([]);
      expect(faults('instrument', sample.intent.instrument)).toEqual([]);
      expect(faults('decision', sample.expected)).toEqual([]);
      for (const violation of sample.expected.violations) expect(faults('violation', violation)).toEqual([]);
      for (const evidence of sample.expected.evidence) expect(faults('evidence', evidence)).toEqual([]);
    }
  });

  it('refuses the invalid documents of the samples, those apart that only a text can be (NaN, duplicate keys, a time not in UTC)', () => {
    const kinds: Record<string, DocumentKind> = {
      policy: 'policy',
      intent: 'order_intent',
      portfolio: 'portfolio_state',
      market: 'market_snapshot',
      execution: 'execution_state',
    };
    const accepted = invalidSamples().filter(({ kind, text, code }) => {
      if (code === 'non_finite' || code === 'duplicate_key') return false;
      const value = kind === 'policy' ? parseYaml(text) : JSON.parse(text);
      return faults(kinds[kind]!, value)?.length === 0;
    });
    expect(accepted).toEqual([]);
  });

  it.each([
    ['order_intent', { qty: '0' }],
    ['order_intent', { qty: '010' }],
    ['order_intent', { qty: '1e3' }],
    ['order_intent', { limit_price: '-1' }],
    ['order_intent', { account_id: '' }],
    ['order_intent', { account_id: 'a\nb' }],
  ] as const)('refuses in %s: %j', (kind, change) => {
    const { intent } = vectorSamples()[0]!;
    expect(faults(kind, { ...intent, qty: '10.5' })).toEqual([]);
    expect(faults(kind, { ...intent, ...change })).not.toEqual([]);
  });

  it('takes cancel_open_orders from a policy of version "0.2" only', () => {
    const policy = parseYaml(vectorSamples()[0]!.policy_yaml) as { limits: { kill_switch: object } };
    const saying = { ...policy.limits, kill_switch: { ...policy.limits.kill_switch, cancel_open_orders: false } };
    expect(faults('policy', { ...policy, version: '0.2' })).toEqual([]);
    expect(faults('policy', { ...policy, version: '0.2', limits: saying })).toEqual([]);
    expect(faults('policy', { ...policy, version: '0.1', limits: saying })).not.toEqual([]);
    expect(faults('policy', { ...policy, version: undefined, limits: saying })).not.toEqual([]);
    expect(faults('policy', { ...policy, version: '0.3' })).not.toEqual([]);
  });

  it('lets later versions add fields to what we write, and nobody to what we read', () => {
    const { expected, market } = vectorSamples()[0]!;
    expect(faults('decision', { ...expected, new_field: 1 })).toEqual([]);
    expect(faults('market_snapshot', { ...market, new_field: 1 })).not.toEqual([]);
  });
});
