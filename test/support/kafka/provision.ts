/** How the tests come to a broker and a schema registry: the first of several ways that works here, and why the others did not. */

/** A server for the tests. */
export interface Provided {
  /** What clients connect to. */
  readonly address: string;
  /** Where it came from, for the one line that says so. */
  readonly from: string;
  /** Ends it, if the tests started it. */
  readonly stop: () => Promise<void>;
}

/** One way; throws an Error that says in one line why it is not open here. */
export type Way = () => Promise<Provided>;

export type Outcome = { readonly provided: Provided } | { readonly reasons: readonly string[] };

/** Tries them in order. */
export const firstThatWorks = async (ways: readonly Way[]): Promise<Outcome> => {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      return { provided: await way() };
    } catch (error) {
      reasons.push((error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' '));
    }
  }
  return { reasons };
};
