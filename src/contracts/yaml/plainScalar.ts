/**
 * What a plain (unquoted) scalar of YAML means, by the core schema of YAML 1.2. What YAML 1.1 readers take for something else is refused:
 * a limit must not depend on who reads it. Numbers keep their digits; JsonNumber holds them in JSON's grammar.
 * Source: contracts, "Strict input"; YAML 1.2.2, section 10.3.2; YAML 1.1 types as PyYAML resolves them.
 */
import { quoted } from '../contractError';
import { JsonNumber, type JsonValue } from '../json/value';

/** Why a scalar is refused. */
export class ScalarFault {
  constructor(readonly message: string) {}
}

const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES: ReadonlySet<string> = new Set(['true', 'True', 'TRUE']);
const FALSES: ReadonlySet<string> = new Set(['false', 'False', 'FALSE']);
const OLD_BOOLEANS = /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/;

const NUMBER = /^([-+]?)([0-9]*)(?:\.([0-9]*))?([eE][-+]?[0-9]+)?$/;
const LEADING_ZERO = /^[-+]?0[0-9_]/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const OTHER_BASE = /^[-+]?0[xob][0-9a-fA-F_]+$/;
const UNDERSCORES = /^[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$/;

export const plainScalar = (text: string): JsonValue | ScalarFault => {
  if (NULLS.has(text)) return null;
  if (TRUES.has(text)) return true;
  if (FALSES.has(text)) return false;
  if (OLD_BOOLEANS.test(text)) return unclear(text, 'a boolean');
  // Nothing else that is in doubt begins with another character.
  if (!/^[-+.0-9<=]/.test(text)) return text;
  if (NOT_FINITE.test(text)) return new ScalarFault(`expected a finite number, found ${quoted(text)}`);
  if (OTHER_BASE.test(text)) return new ScalarFault(`expected a number in decimal digits, found ${quoted(text)}`);
  const [, sign = '', whole = '', fraction = '', exponent = ''] = NUMBER.exec(text) ?? [];
  if (whole + fraction !== '') {
    if (LEADING_ZERO.test(text))
      return new ScalarFault(`expected a number without leading zeros, found ${quoted(text)}: some readers take it as octal`);
    return new JsonNumber(
      `${sign === '-' ? '-' : ''}${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}${exponent}`,
    );
  }
  if (UNDERSCORES.test(text)) return unclear(text, 'a number');
  if (BASE_60.test(text)) return unclear(text, 'a number in base 60');
  if (DATE.test(text)) return unclear(text, 'a date');
  return text === '<<' || text === '=' ? unclear(text, 'an instruction') : text;
};

const unclear = (text: string, other: string): ScalarFault =>
  new ScalarFault(`expected a plain number or a text in quotes, found ${quoted(text)}, which YAML 1.1 readers take as ${other}`);
