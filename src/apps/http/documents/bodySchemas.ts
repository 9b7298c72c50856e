/** JSON Schemas of what the API takes. The reader of each body checks what JSON Schema cannot say. */
import { LONGEST_NAME } from '../../../contracts/intentFault';
import { priceUpdateSchema } from '../../../contracts/documents/priceUpdates';
import type { JsonSchema } from '../route';
import { component, oneOf, strictObject } from './schemaParts';

const name: JsonSchema = { type: 'string', minLength: 1, maxLength: LONGEST_NAME };
/** Who did it, and why: never blank, no control characters. */
const said = (longest: number): JsonSchema => ({
  type: 'string',
  maxLength: longest,
  pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f-\\u009f]*$',
});
const policyText: JsonSchema = { type: 'string', description: 'A capital policy, as its YAML file holds it.' };

export const LONGEST_ACTOR = 256;
export const LONGEST_REASON = 1_000;

const signature = { actor: said(LONGEST_ACTOR), reason: said(LONGEST_REASON) };

export const BODY_SCHEMAS = {
  IntentRequest: strictObject(
    { intent: component('OrderIntent'), run_id: name, market_snapshot: component('MarketSnapshot') },
    'run_id',
    'market_snapshot',
  ),
  PricesRequest: { anyOf: [component('MarketSnapshot'), priceUpdateSchema()] },
  KillSwitchRequest: strictObject({ action: oneOf('trip', 'reset'), ...signature }),
  PolicyRequest: strictObject({ policy_text: policyText, ...signature, run_id: name }, 'run_id'),
  PolicyDiffRequest: {
    ...strictObject(
      { policy_text: policyText, run_id: name, policy_hash: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
      'run_id',
      'policy_hash',
    ),
    oneOf: [{ required: ['run_id'] }, { required: ['policy_hash'] }],
  },
} satisfies Readonly<Record<string, JsonSchema>>;
