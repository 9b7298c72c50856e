/** The entities of a shard's memory, one by one, as `policy-state` should have them. */
import type { StateEntity, StateKey } from '../../contracts/messages';
import { runEntityOf } from '../../domain/state';
import type { ShardState } from '../../processor/ledger';
import { intentEntityOf } from '../../processor/stateRecords';

/** Undefined: there is none, or no longer. The fence is no memory of the fold. */
export const entityOf = (shard: ShardState, { kind, run_id, id }: StateKey): StateEntity | undefined => {
  const ledger = shard.runs.get(run_id);
  switch (kind) {
    case 'run':
      return ledger && runEntityOf(ledger.state, { next_seq: ledger.nextSeq, chain_hash: ledger.chainHash });
    case 'position': {
      const qty = ledger?.state.exposure.of(id).qty ?? 0n;
      return qty === 0n ? undefined : { kind, qty };
    }
    case 'intent': {
      const intent = ledger?.state.intents.get(id);
      return intent && intentEntityOf(intent);
    }
    case 'price': {
      const price = shard.prices.get(id);
      return price === undefined ? undefined : { kind, price };
    }
    case 'policy': {
      const policy = shard.policies.get(id);
      return policy && { kind, text: policy.text };
    }
    case 'positions':
      return { kind, positions: shard.positions };
    case 'shard':
      return { kind, kill_switch_active: shard.killSwitchActive };
    case 'fence':
      return undefined;
  }
};

/** The keys of everything in memory; those of intents come last. */
export function* keysOf(shard: ShardState): Generator<StateKey> {
  yield { run_id: '', kind: 'positions', id: '' };
  if (shard.touched.shard) yield { run_id: '', kind: 'shard', id: '' };
  for (const id of shard.prices.keys()) yield { run_id: '', kind: 'price', id };
  for (const id of shard.policies.keys()) yield { run_id: '', kind: 'policy', id };
  for (const run_id of shard.runs.keys()) yield { run_id, kind: 'run', id: '' };
  for (const [run_id, { state }] of shard.runs)
    for (const [id, { qty }] of state.exposure.positions) if (qty !== 0n) yield { run_id, kind: 'position', id };
  for (const [run_id, { state }] of shard.runs) for (const id of state.intents.ids()) yield { run_id, kind: 'intent', id };
}
