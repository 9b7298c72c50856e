import fc from 'fast-check';
import {
  anyAudit,
  anyCheckpoint,
  anyControl,
  anyDecision,
  anyEntity,
  anyExecution,
  anyHash,
  anyIntent,
  anyIntentKey,
  anyName,
  anyPrice,
  anyStateKey,
} from '../../contracts/avro/arbitraries';
import { Codec } from '../../contracts/avro/codec';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import { readControlLine } from '../../contracts/documents/controlEvents';
import { readPriceLine } from '../../contracts/documents/priceUpdates';
import { readDocument } from '../../contracts/documents/readDocument';
import type { ControlEvent } from '../../contracts/messages';
import { EVERY_RUN, TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { recordLine } from './recordLine';

const codec = new Codec(freshSchemas());
const LARGEST_COUNT = 2_147_483_647;

const record = (topic: Topic, key: Uint8Array | string | null, value: Uint8Array | null): BusRecord => ({
  topic,
  partition: 1,
  offset: 7,
  timestamp: 1_771_925_400_000,
  key: typeof key === 'string' ? Buffer.from(key) : key,
  value,
  headers: {},
});
const lineOf = (shown: BusRecord): string => recordLine(codec, shown, {}) ?? '';
/** The text of the value, as it stands. */
const valueOf = (line: string): string => line.slice(line.indexOf('"value":') + '"value":'.length, -1);

/** Events that JSON has room for, and that can ever take effect. */
const isPublishable = (run: string, { actor, reason, payload }: ControlEvent): boolean => {
  // What every run can be told is not how it begins, nor what one account holds or ordered.
  const ofOne = ['RunStarted', 'PortfolioUpdated', 'PositionDrift', 'OrderResolved'];
  if (run === EVERY_RUN && ofOne.includes(payload.type)) return false;
  if (payload.type === 'KillSwitchReset') return actor.trim() !== '' && reason.trim() !== '';
  if (payload.type !== 'RunStarted') return true;
  const { orders_last_60s_global: all, orders_last_60s_by_strategy: each } = payload.execution;
  return [all, ...each.values()].every((orders) => orders <= LARGEST_COUNT);
};

describe('what is printed is read back to the same bytes', () => {
  it('prices', () =>
    fc.assert(
      fc.property(anyPrice, (price) => {
        const bytes = codec.encodeValue('market-prices', price);
        const read = readPriceLine(valueOf(lineOf(record('market-prices', price.symbol, bytes))));
        if (!read.ok) throw new Error(read.error.message);
        const [only] = read.value.prices;
        expect(read.value.prices).toHaveLength(1);
        expect(codec.encodeValue('market-prices', only!)).toEqual(bytes);
      }),
    ));

  it('control events', () =>
    fc.assert(
      fc.property(fc.oneof(anyName, fc.constant(EVERY_RUN)), anyControl, (run, control) => {
        fc.pre(isPublishable(run, control));
        const bytes = codec.encodeValue('control-events', control);
        const read = readControlLine(valueOf(lineOf(record('control-events', run, bytes))));
        if (!read.ok) throw new Error(`${read.error.path}: ${read.error.message}`);
        expect(read.value.run_id).toBe(run);
        expect(codec.encodeValue('control-events', read.value.control)).toEqual(bytes);
      }),
      { numRuns: 300 },
    ));

  it('intents', () =>
    fc.assert(
      fc.property(anyName, anyIntent, (run, intent) => {
        const bytes = codec.encodeValue('order-intents', intent);
        const read = readDocument('order_intent', valueOf(lineOf(record('order-intents', run, bytes))));
        if (!read.ok) throw new Error(read.error.message);
        expect(codec.encodeValue('order-intents', read.value)).toEqual(bytes);
      }),
    ));
});

describe('every record has a line of JSON', () => {
  const decodable = fc.oneof(
    fc.tuple(anyName, anyIntent).map(([run, value]) => record('order-intents', run, codec.encodeValue('order-intents', value))),
    fc
      .tuple(anyIntentKey, anyExecution)
      .map(([key, value]) =>
        record('execution-events', codec.encodeKey('execution-events', key), codec.encodeValue('execution-events', value)),
      ),
    fc
      .tuple(anyIntentKey, anyDecision)
      .map(([key, value]) => record('decisions', codec.encodeKey('decisions', key), codec.encodeValue('decisions', value))),
    fc
      .tuple(anyIntentKey, anyAudit, anyHash)
      .map(([key, value, hash]) =>
        record('audit-records', codec.encodeKey('audit-records', key), codec.auditValue(codec.encodeAuditBody(value), hash)),
      ),
    fc
      .tuple(anyStateKey, fc.option(anyEntity))
      .map(([key, value]) =>
        record(
          'policy-state',
          codec.encodeKey('policy-state', key),
          value === null ? null : codec.encodeValue('policy-state', value),
        ),
      ),
    anyCheckpoint.map((value) => record('audit-checkpoints', 'gate/1', codec.encodeValue('audit-checkpoints', value))),
  );

  it('whatever it holds', () =>
    fc.assert(
      fc.property(decodable, (shown) => {
        const line = lineOf(shown);
        expect(line).not.toMatch(/[\n\u007f-\uffff]/);
        expect(JSON.parse(line)).toMatchObject({
          topic: shown.topic,
          partition: 1,
          offset: 7,
          timestamp: '2026-02-24T09:30:00Z',
          key: expect.anything(),
        });
        expect(line).not.toContain('"fault":');
      }),
      { numRuns: 500 },
    ));

  it('and whatever bytes it is made of', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...TOPICS),
        fc.option(fc.uint8Array()),
        fc.option(fc.uint8Array()),
        fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(-62_167_219_200_001, 253_402_300_800_000)),
        (topic, key, value, timestamp) => {
          const line = JSON.parse(lineOf({ ...record(topic, key, value), timestamp })) as Record<string, unknown>;
          expect(line).toMatchObject({ topic, offset: 7 });
          if (line.value_base64 !== undefined)
            expect(line.value_base64).toBe(value === null ? null : Buffer.from(value).toString('base64'));
          if (line.key_base64 !== undefined) expect(line.key_base64).toBe(Buffer.from(key ?? []).toString('base64'));
        },
      ),
      { numRuns: 500 },
    ));
});

it('keys are sorted, whatever the record', () => {
  const sorted = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return true;
    if (Array.isArray(value)) return value.every(sorted);
    const keys = Object.keys(value).filter((key) => !/^\d+$/.test(key));
    return keys.every((key, at) => at === 0 || keys[at - 1]! < key) && Object.values(value).every(sorted);
  };
  fc.assert(
    fc.property(anyAudit, anyEntity, anyHash, anyCheckpoint, (audit, entity, hash, checkpoint) => {
      const value = codec.auditValue(codec.encodeAuditBody(audit), hash);
      for (const shown of [
        record('audit-records', null, value),
        record('policy-state', null, codec.encodeValue('policy-state', entity)),
        record('audit-checkpoints', null, codec.encodeValue('audit-checkpoints', checkpoint)),
      ])
        expect(sorted(JSON.parse(valueOf(lineOf(shown))))).toBe(true);
    }),
  );
});
