/** What the JSON Schemas of the API are put together from. */
import type { JsonSchema } from '../route';

export const text: JsonSchema = { type: 'string' };
export const flag: JsonSchema = { type: 'boolean' };
/** A count, a seq, or milliseconds since 1970. */
export const whole: JsonSchema = { type: 'integer', minimum: 0 };
export const time: JsonSchema = { type: 'string', format: 'date-time' };
export const digest: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
/** An exact decimal: a number where a double holds it, else a text of plain digits. */
export const amount: JsonSchema = {
  anyOf: [{ type: 'number' }, { type: 'string', pattern: '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$' }],
};

export const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });
export const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const mapOf = (values: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties: values });
export const oneOf = (...names: readonly string[]): JsonSchema => ({ type: 'string', enum: names });
export const exactly = (name: string): JsonSchema => ({ type: 'string', const: name });

/** An object that has all of `properties`, but those of `optional`; later versions may add more. */
export const object = (properties: Readonly<Record<string, JsonSchema>>, ...optional: readonly string[]): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

/** A body: what is not named here is refused. */
export const strictObject = (properties: Readonly<Record<string, JsonSchema>>, ...optional: readonly string[]): JsonSchema => ({
  ...object(properties, ...optional),
  additionalProperties: false,
});

/** A component by its name, as OpenAPI 3.1 points to it. */
export const component = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

export const SIDE = oneOf('buy', 'sell');
export const ORDER_TYPE = oneOf('market', 'limit');
export const VERDICT = oneOf('ALLOW', 'DENY', 'MODIFY');
export const MODE = oneOf('enforce', 'monitor');
export const RUN_STATUS = oneOf('UNKNOWN', 'ACTIVE', 'ENDED');
/** How many intents were answered how. */
export const DECIDED = object({ ALLOW: whole, MODIFY: whole, DENY: whole });
