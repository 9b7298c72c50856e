/**
 * Who may ask: the tokens of a file and of the environment. Only their SHA-256 is in memory, and each request's is compared with all of them in
 * constant time, so that neither a dump of the memory nor the time of an answer tells one.
 */
import { timingSafeEqual } from 'node:crypto';
import { Failure } from '../failure';
import { isLoopback } from './ownPages';
import { ROLES } from './route';
import type { Caller, Role } from './route';
import { isToken, MOST_CHARACTERS, readTokensFile, tokenDigest } from './tokensFile';
import type { KnownToken } from './tokensFile';

export interface TokenSources {
  readonly file?: string | undefined;
  /** One that may do everything, called `environment`. */
  readonly token?: { readonly text: string; readonly setting: string } | undefined;
}

/** Without tokens: whoever reaches the server. */
export const ANYONE: Caller = { name: 'anonymous', roles: new Set(ROLES), strategies: undefined };

interface Entry {
  readonly digest: Buffer;
  readonly caller: Caller;
}

export class Tokens {
  /** Which token a caller came with, also one that is valid no more. */
  private readonly digests = new WeakMap<Caller, Buffer>();

  private constructor(
    private readonly sources: TokenSources,
    private entries: readonly Entry[],
    /** Of the last reading, one line each. */
    private lastWarnings: readonly string[],
  ) {
    this.note();
  }

  /** Undefined: none are configured. Throws a Failure. */
  static async open(sources: TokenSources): Promise<Tokens | undefined> {
    if (sources.file === undefined && sources.token === undefined) return undefined;
    const { entries, warnings } = await readAll(sources);
    return new Tokens(sources, entries, warnings);
  }

  get warnings(): readonly string[] {
    return this.lastWarnings;
  }

  /** Reads the file again. Throws a Failure, and then those of before are valid still. */
  async reload(): Promise<void> {
    ({ entries: this.entries, warnings: this.lastWarnings } = await readAll(this.sources));
    this.note();
  }

  private note(): void {
    for (const { caller, digest } of this.entries) this.digests.set(caller, digest);
  }

  /** Undefined: no such token. Takes the same time for each. */
  callerOf(token: string): Caller | undefined {
    if (token.length > MOST_CHARACTERS) return undefined;
    const digest = tokenDigest(token);
    let found: Caller | undefined;
    for (const entry of this.entries) if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
    return found;
  }

  /** Whether the token that this caller came with is valid still, with the same rights: another token of the same name is another. */
  knows(caller: Caller): boolean {
    const digest = this.digests.get(caller);
    return digest !== undefined && this.entries.some((entry) => entry.digest.equals(digest) && sameRights(entry.caller, caller));
  }
}

/** Beyond the loopback interface only with tokens. Throws a Failure. */
export const requireTokensFor = (host: string, tokens: Tokens | undefined): void => {
  if (tokens !== undefined || isLoopback(host)) return;
  throw new Failure(
    `--host ${host}: others could reach this server, and no tokens are configured; give --tokens FILE, or listen on 127.0.0.1`,
  );
};

const readAll = async ({ file, token }: TokenSources): Promise<{ entries: readonly Entry[]; warnings: readonly string[] }> => {
  const { tokens, warnings } = file === undefined ? { tokens: [], warnings: [] } : await readTokensFile(file);
  const entries = tokens.map(entryOf);
  if (token !== undefined) {
    if (!isToken(token.text))
      throw new Failure(`${token.setting}: expected a token of 16 to ${MOST_CHARACTERS} letters, digits or any of - . _ ~ + /`);
    const digest = tokenDigest(token.text);
    if (entries.some((entry) => timingSafeEqual(entry.digest, digest)))
      throw new Failure(`${token.setting}: this token stands in the file of tokens too; expected it in one place`);
    entries.push(entryOf({ name: 'environment', digest, roles: ROLES, strategies: undefined }));
  }
  return { entries, warnings };
};

const entryOf = ({ name, digest, roles, strategies }: KnownToken): Entry => ({
  digest,
  caller: { name, roles: withImplied(roles), strategies: strategies === undefined ? undefined : new Set(strategies) },
});

/** Who may operate may look. */
const withImplied = (roles: readonly Role[]): ReadonlySet<Role> =>
  new Set([...roles, ...(roles.includes('operate') ? (['read'] as const) : [])]);

const sameRights = (a: Caller, b: Caller): boolean =>
  a.name === b.name && sameSet(a.roles, b.roles) && sameSet(a.strategies ?? NO_BOUND, b.strategies ?? NO_BOUND);

const NO_BOUND: ReadonlySet<string> = new Set(['*\u0000']);
const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((each) => b.has(each));
