/** Policies: which there are, what they say, where they hold, and which limits one order is judged by. */
import { describeError } from '../../../contracts/contractError';
import type { ContractError } from '../../../contracts/contractError';
import { decimalToJson } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { hexOf } from '../../../contracts/json/hex';
import type { JsonOut } from '../../../contracts/json/write';
import type { CapitalPolicy } from '../../../contracts/policy';
import { readPolicy } from '../../../contracts/policyDocument';
import { limitSources, resolveLimits } from '../../../domain/limits';
import type { KnownPolicy } from '../../../processor/ledger';
import type { Live } from '../../live/live';
import { sorted } from './holdings';

/** What messages call a policy that came over HTTP. */
export const POLICY_SOURCE = 'policy_text';

/** A watched policy file (`--watch-policy`), as far as it is shown. */
export interface WatchedPolicy {
  readonly file: string;
  /** The last edit that was refused, until a valid one. */
  readonly refused:
    { readonly at: string; readonly policyHash: string | undefined; readonly errors: readonly string[] } | undefined;
}

/** `hash`: in hex. Undefined: no shard knows it. */
export const knownPolicy = ({ shards }: Live, hash: string): KnownPolicy | undefined => {
  for (const { policies } of shards) {
    const known = policies.get(hash);
    if (known !== undefined) return known;
  }
  return undefined;
};

/** Of all shards, by hash in hex. */
const knownPolicies = ({ shards }: Live): ReadonlyMap<string, KnownPolicy> =>
  new Map(shards.flatMap(({ policies }) => [...policies]));

export const policiesDocument = (live: Live, watched: WatchedPolicy | undefined): JsonOut => {
  const active = activeIn(live);
  const refused = watched?.refused;
  return {
    policies: sorted(knownPolicies(live)).map(([hash, known]) => aboutPolicy(hash, known, active)),
    watching: watched?.file ?? null,
    refused: refused === undefined ? null : { at: refused.at, policy_hash: refused.policyHash ?? null, errors: refused.errors },
  };
};

export const policyDocument = (live: Live, hash: string, known: KnownPolicy): JsonOut => {
  const read = readPolicy(known.text, POLICY_SOURCE);
  return { ...aboutPolicy(hash, known, activeIn(live)), text: known.text, warnings: read.ok ? read.value.warnings : [] };
};

const aboutPolicy = (
  policy_hash: string,
  { policy }: KnownPolicy,
  active: ReadonlyMap<string, readonly string[]>,
): Readonly<Record<string, JsonOut>> => ({
  policy_hash,
  version: policy.version,
  mode: policy.defaults.mode,
  active_in: active.get(policy_hash) ?? [],
});

/** Ids of the active runs by the hash of their policy. */
const activeIn = (live: Live): ReadonlyMap<string, readonly string[]> => {
  const runs = new Map<string, string[]>();
  for (const { ledger } of live.runs()) {
    const { active, status, runId } = ledger.state;
    if (active === undefined || status !== 'ACTIVE') continue;
    const hash = hexOf(active.hash);
    const ids = runs.get(hash) ?? [];
    ids.push(runId);
    runs.set(hash, ids.sort());
  }
  return runs;
};

/** A symbol or a strategy that is not given has no overrides. */
export const appliedLimits = (policy: CapitalPolicy, symbol: string | undefined, strategy: string | undefined) => {
  const limits = resolveLimits(policy, symbol ?? '', strategy ?? '');
  const sources = limitSources(policy, symbol ?? '', strategy ?? '');
  const { cancel_open_orders, ...trips } = limits.kill_switch;
  const block = (source: string, values: object): JsonOut => ({ source, values: valuesOf(values) });
  return {
    mode: limits.mode,
    limits: {
      exposure: block(sources.exposure, limits.exposure),
      loss: block(sources.loss, limits.loss),
      execution: block(sources.execution, limits.execution),
      // A policy of version "0.1" says nothing of open orders.
      kill_switch: block('limits.kill_switch', cancel_open_orders === null ? trips : limits.kill_switch),
    },
  };
};

const valuesOf = (values: object): JsonOut =>
  new Map(
    Object.entries(values).map(([name, value]): [string, JsonOut] => [
      name,
      typeof value === 'bigint' ? decimalToJson(value as Decimal) : (value as JsonOut),
    ]),
  );

/** Each in one line, with its place in the text. */
export const errorLines = (errors: readonly ContractError[]): readonly string[] => errors.map(describeError);
