/**
 * Records as versions before this one wrote them (earlier.json: their schemas, and golden bytes), read today; and what their readers make of
 * today's records. A version that changes a schema adds to the file what it replaces.
 */
import type { Schema } from 'avsc';
import { Type } from 'avsc';
import type { ControlPayload } from '../messages';
import { Codec } from './codec';
import { incompatibility, parseSchema } from './compatibility';
import earlier from './earlier.json';
import {
  exampleAudit,
  exampleControl,
  exampleDecision,
  exampleDenial,
  exampleDrift,
  exampleEntities,
  exampleExecution,
  exampleHash,
  exampleResolution,
  exampleUnknown,
} from './examples';
import type { ValueTopic } from './formats';
import { freshSchemas } from './localRegistry';
import { schemaText } from './schemas';

type Name = keyof typeof earlier.records;
type Record = keyof typeof earlier.schemas;
const fresh = freshSchemas();
const FIRST_ID = 40;
const ids = new Map((Object.keys(earlier.schemas) as Record[]).map((record, index) => [record, FIRST_ID + index]));
const codec = new Codec({
  ids: fresh.ids,
  schemas: new Map([...fresh.schemas, ...[...ids].map(([record, id]) => [id, earlier.schemas[record]] as const)]),
});
const wire = (name: Name, record: Record): Buffer => {
  const bytes = Buffer.from(earlier.records[name], 'hex');
  bytes.writeUInt32BE(ids.get(record) ?? 0, 1);
  return bytes;
};

const withoutEvent = { client_order_id: '', code: null };
const withoutTrip = { kill_switch_tripped: false, control_position: -1 };
const control = (payload: ControlPayload): unknown => ({ actor: 'a', reason: 'r', payload });
const { equity, start_of_day_equity, peak_equity } = exampleEntities.run;

const READ: readonly (readonly [Name, ValueTopic, Record, unknown])[] = [
  [
    'run_started',
    'control-events',
    'ControlEvent',
    { ...exampleControl, payload: { ...exampleControl.payload, equity_mode: 'fixed' } },
  ],
  ['run_ended', 'control-events', 'ControlEvent', control({ type: 'RunEnded' })],
  [
    'portfolio_updated',
    'control-events',
    'ControlEvent',
    control({ type: 'PortfolioUpdated', equity, start_of_day_equity, peak_equity, positions: null }),
  ],
  ['policy_activated', 'control-events', 'ControlEvent', control({ type: 'PolicyActivated', policy_text: 'version: "0.1"' })],
  ['kill_switch_tripped', 'control-events', 'ControlEvent', control({ type: 'KillSwitchTripped' })],
  ['kill_switch_reset', 'control-events', 'ControlEvent', control({ type: 'KillSwitchReset' })],
  ['execution', 'execution-events', 'ExecutionEvent', { ...exampleExecution, ...withoutEvent }],
  ['decision', 'decisions', 'Decision', { ...exampleDecision, ...withoutTrip }],
  ['denial', 'decisions', 'Decision', { ...exampleDenial, ...withoutTrip }],
  ['run_entity', 'policy-state', 'StateEntity', { ...exampleEntities.run, equity_mode: 'fixed', cash: null }],
];

it.each(READ)('%s is read with the defaults of what it lacks', (name, topic, record, value) =>
  expect(codec.decodeValue(topic, wire(name, record))).toMatchObject({ ok: true, value }),
);

it('an audit record is read, and its hash is of the bytes that it had', () => {
  const bytes = wire('audit', 'AuditRecord');
  expect(codec.decodeAudit(bytes)).toEqual({
    ok: true,
    value: {
      record: { ...exampleAudit, decision: { ...exampleDecision, ...withoutTrip } },
      hash: exampleHash,
      hashed: bytes.subarray(codec.headerBytes, -exampleHash.length),
    },
  });
});

it.each([...ids.keys()])('%s: old and new readers and writers fit', (record) =>
  expect(incompatibility(schemaText(record), earlier.schemas[record])).toBeUndefined(),
);

describe('an earlier reader', () => {
  const readerOf = (record: Record): ((value: Uint8Array) => unknown) => {
    // With unwrapped unions and no classes, so that the values are plain.
    const type = Type.forSchema(JSON.parse(earlier.schemas[record]) as Schema, { wrapUnions: true });
    const resolver = type.createResolver(parseSchema(schemaText(record)));
    return (value) => type.fromBuffer(Buffer.from(value.subarray(codec.headerBytes)), resolver);
  };

  it.each<ControlPayload>([{ type: 'SessionRolled' }, exampleDrift, exampleResolution])(
    'takes a $type for a policy without a text, which it refuses on record',
    (payload) => {
      const bytes = codec.encodeValue('control-events', { actor: 'a', reason: 'r', payload });
      expect(readerOf('ControlEvent')(bytes)).toEqual({
        actor: 'a',
        reason: 'r',
        payload: { 'policygate.PolicyActivated': { policy_text: '' } },
      });
    },
  );
  it('takes a step that it does not know for OTHER', () =>
    expect(readerOf('ExecutionEvent')(codec.encodeValue('execution-events', exampleUnknown))).toMatchObject({ event: 'OTHER' }));
});
