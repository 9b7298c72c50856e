/** Which rows of the journal are asked for. Undefined: any. All that is given must hold. */
import type { Chunk } from './chunk';
import type { Dictionaries, Dictionary } from './dictionary';

export interface Filter {
  readonly kinds?: readonly string[] | undefined;
  readonly verdict?: string | undefined;
  readonly rule?: string | undefined;
  readonly strategy?: string | undefined;
  readonly symbol?: string | undefined;
  /** Words, each of which stands somewhere in the row, upper or lower case. */
  readonly text?: string | undefined;
  /** ms since 1970; both are included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Whether a row of a chunk is asked for. What is in a dictionary is looked at once for all rows that have it. */
export type Test = (chunk: Chunk, at: number) => boolean;

export const testOf = (filter: Filter, dictionaries: Dictionaries): Test => {
  const { kinds, verdict, rule, strategy, symbol, text = '', from = -Infinity, to = Infinity } = filter;
  const kindFits = remembered(dictionaries.kinds, (name) => kinds === undefined || kinds.includes(name));
  const verdictFits = remembered(dictionaries.verdicts, (name) => verdict === undefined || name === verdict);
  const ruleFits = remembered(dictionaries.rules, (names) => rule === undefined || names.split(' ').includes(rule));
  const strategyFits = remembered(dictionaries.strategies, (name) => strategy === undefined || name === strategy);
  const symbolFits = remembered(dictionaries.symbols, (name) => symbol === undefined || name === symbol);
  const wordsFit = wordsTest(text, dictionaries);
  return (chunk, at) => {
    const kind = chunk.kind[at] ?? 0;
    const clock = chunk.clock[at] ?? 0;
    return (
      kind !== 0 &&
      kindFits(kind) &&
      verdictFits(chunk.verdict[at] ?? 0) &&
      ruleFits(chunk.rules[at] ?? 0) &&
      strategyFits(chunk.strategy[at] ?? 0) &&
      symbolFits(chunk.symbol[at] ?? 0) &&
      clock >= from &&
      clock <= to &&
      wordsFit(chunk, at)
    );
  };
};

const wordsTest = (text: string, dictionaries: Dictionaries): Test => {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return () => true;
  const { events, kinds, orderTypes, rules, sides, strategies, symbols, verdicts } = dictionaries;
  const tests = words.map((word): Test => {
    const has = (texts: string): boolean => texts.toLowerCase().includes(word);
    const columns = [verdicts, strategies, symbols, rules, events, sides, orderTypes, kinds].map((dictionary) =>
      remembered(dictionary, has),
    );
    const [verdict, strategy, symbol, rule, event, side, orderType, kind] = columns as [
      Fits,
      Fits,
      Fits,
      Fits,
      Fits,
      Fits,
      Fits,
      Fits,
    ];
    return (chunk, at) =>
      has(chunk.intentId[at] ?? '') ||
      strategy(chunk.strategy[at] ?? 0) ||
      symbol(chunk.symbol[at] ?? 0) ||
      rule(chunk.rules[at] ?? 0) ||
      verdict(chunk.verdict[at] ?? 0) ||
      event(chunk.event[at] ?? 0) ||
      side(chunk.side[at] ?? 0) ||
      orderType(chunk.orderType[at] ?? 0) ||
      kind(chunk.kind[at] ?? 0) ||
      has(chunk.note[at] ?? '');
  });
  return (chunk, at) => tests.every((test) => test(chunk, at));
};

type Fits = (code: number) => boolean;

const remembered = (dictionary: Dictionary, fits: (text: string) => boolean): Fits => {
  const known: (boolean | undefined)[] = [];
  return (code) => (known[code] ??= fits(dictionary.text(code)));
};
