/** Texts that occur often, kept once: a row holds the number. Zero is no text. */
export class Dictionary {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [''];

  code(text: string | null | undefined): number {
    if (text === null || text === undefined || text === '') return 0;
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#texts.length;
    this.#codes.set(text, code);
    this.#texts.push(text);
    return code;
  }

  text(code: number): string {
    return this.#texts[code] ?? '';
  }

  /** All of them, by code unit. */
  sorted(): readonly string[] {
    return this.#texts.slice(1).sort((a, b) => (a < b ? -1 : 1));
  }

  get size(): number {
    return this.#texts.length - 1;
  }
}

/** What rows have in common, for all chunks of a journal. A set of rules is one text: `EXP-001 LOSS-001`. */
export class Dictionaries {
  readonly kinds = new Dictionary();
  readonly verdicts = new Dictionary();
  readonly strategies = new Dictionary();
  readonly symbols = new Dictionary();
  readonly sides = new Dictionary();
  readonly orderTypes = new Dictionary();
  readonly rules = new Dictionary();
  readonly events = new Dictionary();
}
