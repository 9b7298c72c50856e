/**
 * What an order is called at a broker: `<readable part of the intent id>-<code>`, at most 48 characters of letters, digits and `-`.
 *
 * It is derived from run and intent alone, so that whoever takes over after a crash asks for the same order; the code tells apart what the readable
 * part does not. Source: design, "Execution gateway"; reliability, the brokers' facts (alphabets and lengths).
 */
import { hash } from 'node:crypto';

const LONGEST = 48;
/** 13 digits of base 36 hold 67 bits: two of a billion orders share one with a probability below one in a hundred. */
const CODE_DIGITS = 13;
/** Tells our names from those that others give: of foreign names one in 1,296 passes by chance. */
const CHECK_DIGITS = 2;

export const clientOrderId = (runId: string, intentId: string): string => {
  const code = digitsOf(`${runId}\0${intentId}`, CODE_DIGITS);
  const readable = intentId
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, LONGEST - CODE_DIGITS - CHECK_DIGITS - 1);
  const name = readable === '' ? code : `${readable}-${code}`;
  return name + digitsOf(name, CHECK_DIGITS);
};

/** Whether a gateway of this program has made this name, of whatever run and intent. */
export const isClientOrderId = (name: string): boolean =>
  name.length > CODE_DIGITS && digitsOf(name.slice(0, -CHECK_DIGITS), CHECK_DIGITS) === name.slice(-CHECK_DIGITS);

const digitsOf = (text: string, count: number): string =>
  BigInt(`0x${hash('sha256', text, 'hex')}`)
    .toString(36)
    .padStart(50, '0')
    .slice(-count);
