/** A log that an older version of the schemas began, and the current one went on with: compared byte for byte all the same. */
import { replayShard } from '../../src/audit/replay/replayShard';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import { Codec } from '../../src/contracts/avro/codec';
import earlier from '../../src/contracts/avro/earlier.json';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { chainHash } from '../../src/contracts/chain';
import { hexOf } from '../../src/contracts/json/hex';
import type { AuditRecord } from '../../src/contracts/messages';
import { AUDIT_RECORDS, DECISIONS, POLICY_STATE } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { asBus, logOf } from '../checks/rawLog';
import type { RawLog } from '../checks/rawLog';
import { altered, flipped, withChange } from '../support/alteredLog';
import { Random } from '../support/random';
import { TestShard } from '../support/shard';
import { dayOf, live } from '../support/shardHistory';

const OLDER = { AuditRecord: 61, Decision: 62, StateEntity: 63 } as const;
const fresh = freshSchemas();
const codec = new Codec({
  ids: fresh.ids,
  schemas: new Map([
    ...fresh.schemas,
    ...Object.entries(OLDER).map(([name, id]) => [id, earlier.schemas[name as keyof typeof OLDER]] as const),
  ]),
});
const HASH_BYTES = 32;

/** The log as it were if its first `count` audit records had been made by the older version, with all that came with them. */
const begunEarlier = (log: RawLog, count: number): RawLog => {
  const chains = new Map<string, Uint8Array>();
  const hashes = new Map<string, Uint8Array>();
  const audits = log.records(AUDIT_RECORDS, 0).map((record, at): BusRecord => {
    const audit = codec.decodeAudit(record.value);
    if (!audit.ok || record.value === null) throw new Error('unreadable');
    const { run_id } = audit.value.record;
    const before = chains.get(run_id) ?? new Uint8Array(HASH_BYTES);
    const value =
      at < count
        ? codec.inEarlierForm(AUDIT_RECORDS, record.value, OLDER.AuditRecord, before)
        : resealed(audit.value.record, before);
    if (value === undefined) throw new Error(`the older schema has no word for record ${at}`);
    const hash = value.subarray(value.length - HASH_BYTES);
    chains.set(run_id, hash);
    hashes.set(hexOf(audit.value.hash), hash);
    return { ...record, value };
  });
  const decided = log.records(DECISIONS, 0).length * (count / audits.length);
  const decisions = log.records(DECISIONS, 0).map((record, at): BusRecord => {
    const value = at < decided ? codec.inEarlierForm(DECISIONS, record.value!, OLDER.Decision) : record.value;
    if (value === undefined) throw new Error(`the older schema has no word for decision ${at}`);
    return { ...record, value };
  });
  const states = log.records(POLICY_STATE, 0).map((record, at, all): BusRecord => {
    const entity = codec.decodeValue(POLICY_STATE, record.value);
    if (!entity.ok) return record;
    const { value } = entity;
    const hash = value.kind === 'run' ? hashes.get(hexOf(value.chain_hash)) : undefined;
    const bytes = codec.encodeValue(
      POLICY_STATE,
      value.kind === 'run' && hash !== undefined ? { ...value, chain_hash: hash } : value,
    );
    return {
      ...record,
      value: at < all.length / 2 ? (codec.inEarlierForm(POLICY_STATE, bytes, OLDER.StateEntity) ?? bytes) : bytes,
    };
  });
  const withAudits = altered(log, AUDIT_RECORDS, () => audits);
  return altered(
    altered(withAudits, DECISIONS, () => decisions),
    POLICY_STATE,
    () => states,
  );
};

const resealed = (record: AuditRecord, before: Uint8Array): Buffer => {
  const body = codec.encodeAuditBody({ ...record, prev_hash: before });
  return codec.auditValue(body, chainHash(before, body));
};

let log: RawLog;
beforeAll(async () => {
  const shard = new TestShard(openMemoryBus({ shards: 1 }));
  await live(shard, dayOf(shard, 31, 300), { most: 6, takeover: 0.1, random: new Random(31) });
  log = await logOf(shard.bus);
});

it.each([0, 1, 57, 100])('compares %s records of an older schema by it, with the chain as it was recorded', async (count) => {
  const report = await replayShard({ bus: asBus(begunEarlier(log, count)), codec, partition: 0 });
  expect(report.difference).toBeUndefined();
  expect(report.auditRecords).toBe(log.records(AUDIT_RECORDS, 0).length);
  expect(report.firstOfEarlierSchema).toBe(count === 0 ? undefined : 0);
  expect(report.ofEarlierSchemas).toBeGreaterThanOrEqual(count);
});

it('finds what was altered in them', async () => {
  const begun = begunEarlier(log, 100);
  for (const [topic, at] of [
    [AUDIT_RECORDS, 40],
    [DECISIONS, 3],
  ] as const) {
    for (const place of [12, 40, 90]) {
      const changed = altered(
        begun,
        topic,
        withChange(at, ({ value }) => ({ value: flipped(value, value!.length - place) })),
      );
      const { difference } = await replayShard({ bus: asBus(changed), codec, partition: 0 });
      expect(difference).toMatchObject({ topic, offset: begun.records(topic, 0)[at]?.offset });
    }
  }
});
