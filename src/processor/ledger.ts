/**
 * A shard's memory: its runs with their audit chains, the prices and policies that they share, and how far its inputs are folded.
 * It is a cache of the log: thrown away whenever the bus fails, and read back from `policy-state`.
 */
import type { Decimal } from '../contracts/decimal';
import type { InputPositions } from '../contracts/messages';
import type { ActivePolicy, RunState } from '../domain/state';
import { unknownRun } from '../domain/state';

/**
 * Runs for which intents came but no RunStarted, at most so many per shard, with at most so many intents each. What comes beyond goes to the
 * dead letters: strategies with made-up run ids cannot fill the memory.
 */
const UNKNOWN_RUNS = 1_000;
export const UNKNOWN_RUN_INTENTS = 1_000;

const GENESIS_HASH: Uint8Array = new Uint8Array(32);

/** A run with the end of its audit chain. */
export interface RunLedger {
  readonly state: RunState;
  /** Seq of the next audit record. */
  nextSeq: number;
  /** Hash of the last audit record; zeros before the first. */
  chainHash: Uint8Array;
}

/** A policy in force somewhere, with the text that its hash is of. */
export interface KnownPolicy extends ActivePolicy {
  readonly text: string;
}

export type MutablePositions = { -readonly [K in keyof InputPositions]: InputPositions[K] };

export interface ShardState {
  readonly partition: number;
  readonly runs: Map<string, RunLedger>;
  /** Above zero; a symbol without a usable price is not here. */
  readonly prices: Map<string, Decimal>;
  /** By hash, in hex. */
  readonly policies: Map<string, KnownPolicy>;
  readonly positions: MutablePositions;
  /** Tripped for every run, those to come included. */
  killSwitchActive: boolean;
  readonly touched: { readonly prices: Set<string>; readonly policies: Set<string>; shard: boolean };
}

export const emptyShard = (partition: number): ShardState => ({
  partition,
  runs: new Map(),
  prices: new Map(),
  policies: new Map(),
  positions: { order_intents: 0, market_prices: 0, control_events: 0, execution_events: 0 },
  killSwitchActive: false,
  touched: { prices: new Set(), policies: new Set(), shard: false },
});

/** The run's ledger; a new one in state UNKNOWN if this shard has never heard of it, or nothing where there are too many of those. */
export const ledgerOf = (shard: ShardState, runId: string): RunLedger | undefined => {
  const known = shard.runs.get(runId);
  if (known !== undefined) return known;
  let unknown = 0;
  for (const { state } of shard.runs.values()) if (state.status === 'UNKNOWN') unknown += 1;
  return unknown >= UNKNOWN_RUNS ? undefined : openLedger(shard, runId);
};

const openLedger = (shard: ShardState, runId: string): RunLedger => {
  const ledger: RunLedger = { state: unknownRun(runId, shard.prices), nextSeq: 0, chainHash: GENESIS_HASH };
  shard.runs.set(runId, ledger);
  return ledger;
};

/** Active runs by code units of their ids: an order that a restore cannot change. */
export const activeRuns = (shard: ShardState): readonly RunLedger[] =>
  [...shard.runs.values()]
    .filter(({ state }) => state.status === 'ACTIVE')
    .sort((a, b) => (a.state.runId < b.state.runId ? -1 : 1));
