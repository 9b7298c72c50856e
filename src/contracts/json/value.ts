/**
 * A JSON document as it was written: numbers keep their source text, so that a decimal is read to its last digit, and objects hold nothing
 * but their own keys, so that `__proto__` and `constructor` are keys like any other.
 */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

/** A number, as its text in JSON's grammar. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** An object without a prototype: what is not in the document is undefined. */
export interface JsonObject {
  [key: string]: JsonValue;
}

// Instances of a function whose prototype is empty stay in the engine's fast representation; those of Object.create(null) do not.
const Bare = function (this: object) {
  // No fields: keys come from the document.
} as unknown as new () => JsonObject;
Bare.prototype = Object.create(null) as JsonObject;

export const emptyObject = (): JsonObject => new Bare();

export const isJsonObject = (value: unknown): value is JsonObject => value instanceof Bare;
