/**
 * The bytes of one fixed record of each kind. A change here is a change of what is on every log: it needs a schema that grows, and a reason. Records
 * that were written before must still be read.
 */
import { Codec } from './codec';
import {
  exampleAudit,
  exampleCheckpoint,
  exampleControl,
  exampleDecision,
  exampleDenial,
  exampleDrift,
  exampleEntities,
  exampleExecution,
  exampleHash,
  exampleIntent,
  exampleResolution,
  exampleTrip,
  exampleUnknown,
} from './examples';
import golden from './golden.json';
import { freshSchemas } from './localRegistry';

const codec = new Codec(freshSchemas());
const key = { run_id: exampleAudit.run_id, intent_id: exampleIntent.intent_id };

const RECORDS: Readonly<Record<keyof typeof golden, Buffer>> = {
  intent: codec.encodeValue('order-intents', exampleIntent),
  price: codec.encodeValue('market-prices', { symbol: 'AAPL', price: exampleEntities.price.price }),
  withdrawn_price: codec.encodeValue('market-prices', { symbol: 'AAPL', price: null }),
  run_started: codec.encodeValue('control-events', exampleControl),
  run_ended: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: { type: 'RunEnded' } }),
  portfolio_updated: codec.encodeValue('control-events', {
    actor: 'a',
    reason: 'r',
    payload: {
      type: 'PortfolioUpdated',
      equity: exampleEntities.run.equity,
      start_of_day_equity: exampleEntities.run.start_of_day_equity,
      peak_equity: exampleEntities.run.peak_equity,
      positions: null,
    },
  }),
  policy_activated: codec.encodeValue('control-events', {
    actor: 'a',
    reason: 'r',
    payload: { type: 'PolicyActivated', policy_text: 'version: "0.1"' },
  }),
  kill_switch_tripped: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: { type: 'KillSwitchTripped' } }),
  kill_switch_reset: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: { type: 'KillSwitchReset' } }),
  session_rolled: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: { type: 'SessionRolled' } }),
  position_drift: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: exampleDrift }),
  order_resolved: codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload: exampleResolution }),
  execution: codec.encodeValue('execution-events', exampleExecution),
  unknown_outcome: codec.encodeValue('execution-events', exampleUnknown),
  decision: codec.encodeValue('decisions', exampleDecision),
  denial: codec.encodeValue('decisions', exampleDenial),
  audit: codec.auditValue(codec.encodeAuditBody(exampleAudit), exampleHash),
  trip: codec.auditValue(codec.encodeAuditBody(exampleTrip), exampleHash),
  run_entity: codec.encodeValue('policy-state', exampleEntities.run),
  position_entity: codec.encodeValue('policy-state', exampleEntities.position),
  intent_entity: codec.encodeValue('policy-state', exampleEntities.intent),
  price_entity: codec.encodeValue('policy-state', exampleEntities.price),
  policy_entity: codec.encodeValue('policy-state', exampleEntities.policy),
  positions_entity: codec.encodeValue('policy-state', exampleEntities.positions),
  fence_entity: codec.encodeValue('policy-state', exampleEntities.fence),
  shard_entity: codec.encodeValue('policy-state', exampleEntities.shard),
  checkpoint: codec.encodeValue('audit-checkpoints', exampleCheckpoint),
  intent_key: codec.encodeKey('decisions', key),
  state_key: codec.encodeKey('policy-state', { run_id: key.run_id, kind: 'intent', id: key.intent_id }),
};

it.each(Object.entries(RECORDS))('%s', (name, bytes) => expect(bytes.toString('hex')).toBe(golden[name as keyof typeof golden]));
