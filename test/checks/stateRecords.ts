/** Records of `policy-state`: their keys, and those of their entities that checks look into. */
import { decoded } from './decoding';

export interface StateKey {
  readonly run_id: string;
  /** run, position, intent, price, policy, positions, fence or shard. */
  readonly kind: string;
  readonly id: string;
}

/** Undefined: no key of this topic. */
export const stateKeyOf = (key: Uint8Array | null): StateKey | undefined => decoded('StateKey', key) as StateKey | undefined;

/** How far a shard's inputs were folded: next offsets, by the names that topics have in positions. */
export const positionsIn = (value: Uint8Array | null): Readonly<Record<string, number>> | undefined =>
  (entityIn(value, 'PositionsEntity') as { readonly positions: Readonly<Record<string, number>> } | undefined)?.positions;

/** Where a run's chain goes on. */
export interface ChainEnd {
  readonly next_seq: number;
  readonly chain_hash: Buffer;
}

export const chainEndIn = (value: Uint8Array | null): ChainEnd | undefined =>
  entityIn(value, 'RunEntity') as ChainEnd | undefined;

/** Undefined: it is none of this kind. */
const entityIn = (value: Uint8Array | null, name: string): unknown => {
  const state = decoded('StateEntity', value) as { readonly entity: Readonly<Record<string, unknown>> } | undefined;
  return state?.entity[`policygate.${name}`];
};
