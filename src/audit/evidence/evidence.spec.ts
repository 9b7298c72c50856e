import { TestShard, policyText } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { parseSchema } from '../../contracts/avro/compatibility';
import { Codec } from '../../contracts/avro/codec';
import earlier from '../../contracts/avro/earlier.json';
import { exampleAudit } from '../../contracts/avro/examples';
import { genericOf } from '../../contracts/avro/generic';
import { freshSchemas } from '../../contracts/avro/localRegistry';
import { essenceOf, schemaText } from '../../contracts/avro/schemas';
import { chainHash } from '../../contracts/chain';
import { decimal } from '../../contracts/decimal';
import { auditText } from '../../contracts/documents/recordTexts';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { SigningKey } from '../checkpoint/checkpointKeys';
import { makeCheckpoints } from '../checkpoint/makeCheckpoints';
import { signedCheckpoint } from '../checkpoint/checkpointRecord';
import { MerkleTree } from '../merkle';
import { auditSchemaOf, KNOWN_AUDIT_SCHEMAS, packed, readAuditBody, unpacked } from './auditSchemas';
import { collectEvidence, EvidenceError } from './collectEvidence';
import { evidenceText, readEvidence } from './evidence';
import { verifyEvidence } from './verifyEvidence';

const key = SigningKey.generate('risk.example/gate');

const sign = (shard: TestShard): Promise<void> =>
  makeCheckpoints(
    {
      ...{
        bus: shard.bus,
        codec: shard.codec,
        key,
        now: () => 1_771_930_000_000,
        everyRecords: 7,
        everyMs: Infinity,
        untilEnd: true,
      },
      onPublished: () => undefined,
    },
    new AbortController().signal,
  );

const at = (id: string, fields: Parameters<typeof intentOf>[0] = {}) =>
  intentOf({ intent_id: id, timestamp: '2026-02-24T09:30:00Z', ...fields });

/** Allowed, cut, denied, without a price; under a second policy; before the run was started; after it ended. */
const dayOfTrading = async (): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.intent(at('early')), shard.started(), shard.price('AAPL', '200'), shard.price('MSFT', '33.33'));
  await shard.feed(shard.intent(at('small')), shard.intent(at('large', { qty: decimal('900') })));
  await shard.feed(shard.intent(at('unpriced', { instrument: { symbol: 'ZZZ', asset_class: 'equity' } })));
  await shard.feed(shard.control({ type: 'PolicyActivated', policy_text: policyText({ position: '0.001' }) }));
  await shard.feed(shard.intent(at('strict')), shard.control({ type: 'RunEnded' }), shard.intent(at('late')));
  return shard;
};

const collect = (shard: TestShard, intentId: string): Promise<string> =>
  collectEvidence({ bus: shard.bus, codec: shard.codec, key: key.publicKey, runId: 'r-1', intentId });

const faultIn = (text: string, publicKey = key.publicKey): string => {
  const evidence = readEvidence(text);
  if (!evidence.ok) return evidence.error;
  const proven = verifyEvidence(evidence.value, publicKey);
  return proven.ok ? 'none' : proven.error;
};

describe('evidence of a decision', () => {
  let shard: TestShard;
  beforeAll(async () => {
    shard = await dayOfTrading();
    await sign(shard);
  });

  it.each(['early', 'small', 'large', 'unpriced', 'strict', 'late'])('proves %s by itself, in a few KB', async (intentId) => {
    const text = await collect(shard, intentId);
    expect(text.length).toBeLessThan(9_000);
    const evidence = readEvidence(text);
    if (!evidence.ok) throw new Error(evidence.error);
    const proven = verifyEvidence(evidence.value, key.publicKey);
    if (!proven.ok) throw new Error(proven.error);
    const decisions = await shard.decisions();
    expect(proven.value.decision).toEqual(decisions.find(({ intent_id }) => intent_id === intentId));
    expect(proven.value.intent.intent_id).toBe(intentId);
    const audits = await shard.audits();
    expect(evidence.value.leafIndex).toBe(
      audits.findIndex(({ kind, intent }) => kind === 'DECISION' && intent?.intent_id === intentId),
    );
  });

  it('is under the policy that was in force', async () => {
    const textOf = async (intentId: string): Promise<string | null> => {
      const read = readEvidence(await collect(shard, intentId));
      return read.ok ? read.value.policyText : 'unreadable';
    };
    expect(await textOf('small')).toBe(policyText());
    expect(await textOf('strict')).toBe(policyText({ position: '0.001' }));
    expect(await textOf('early')).toBeNull();
  });

  it('shows a change of any field, and of anything in what is shown', async () => {
    const text = await collect(shard, 'large');
    const json = JSON.parse(text) as Record<string, unknown>;
    const places = placesIn(json);
    expect(places.length).toBeGreaterThan(80);
    const missed = places.filter((place) => faultIn(JSON.stringify(changedAt(json, place))) === 'none');
    expect(missed).toEqual([]);
    expect(faultIn(JSON.stringify(json))).toBe('none');
  });

  it('shows digits that a float would not tell apart', async () => {
    const text = await collect(shard, 'large');
    expect(text).toContain('"qty":900');
    expect(faultIn(text.replace('"qty":900', '"qty":900.00000000000000001'))).toBe(
      'record.intent.qty: what is shown is not what the signed bytes say',
    );
  });

  it('shows fields that are missing or too many', async () => {
    const json = JSON.parse(await collect(shard, 'small')) as Record<string, unknown>;
    for (const name of Object.keys(json)) expect(faultIn(JSON.stringify({ ...json, [name]: undefined }))).toContain('is missing');
    expect(faultIn(JSON.stringify({ ...json, verdict: 'ALLOW' }))).toContain('is no field of evidence');
    expect(faultIn('[]')).toContain('expected an object');
    expect(faultIn('{')).not.toBe('none');
  });

  it('proves nothing to the holder of another key', async () => {
    const text = await collect(shard, 'small');
    expect(faultIn(text, SigningKey.generate(key.name).publicKey)).toMatch(
      /^checkpoint: signed by risk\.example\/gate \(key [0-9a-f]{8}\); expected/,
    );
  });

  it('shows the record of another decision, under the same checkpoint', async () => {
    const [one, other] = [JSON.parse(await collect(shard, 'small')), JSON.parse(await collect(shard, 'large'))] as Record<
      string,
      unknown
    >[];
    for (const name of ['record', 'body_base64', 'hash', 'prev_hash', 'leaf_index', 'inclusion_proof', 'checkpoint'])
      if (JSON.stringify(one![name]) !== JSON.stringify(other![name]))
        expect(faultIn(JSON.stringify({ ...one, [name]: other![name] }))).not.toBe('none');
    expect(faultIn(JSON.stringify({ ...one, policy_text: policyText({ position: '0.001' }) }))).toContain('it is another policy');
  });

  it('is there for decisions on the log only', async () => {
    await expect(collect(shard, 'never')).rejects.toThrow(
      new EvidenceError(
        `no decision on intent \`never\` of run \`r-1\` in audit-records/0 (${(await shard.audits()).length} records); \`policygate tail audit-records --run r-1\` shows what there is`,
      ),
    );
  });
});

it('waits for a checkpoint', async () => {
  const shard = await dayOfTrading();
  await expect(collect(shard, 'small')).rejects.toThrow(
    /^record \d+ of audit-records\/0 is covered by no checkpoint yet; publish one: `policygate checkpoint publish`$/,
  );
});

it('is not believed where the facts and the policy give another decision, whoever signed it', async () => {
  const shard = await dayOfTrading();
  const [bytes] = (await shard.all(AUDIT_RECORDS)).filter(({ value }) => {
    const audit = shard.codec.decodeAudit(value);
    return audit.ok && audit.value.record.intent?.intent_id === 'large';
  });
  const audit = shard.codec.decodeAudit(bytes!.value);
  if (!audit.ok) throw new Error(audit.error.message);
  const { record } = audit.value;
  const allowed = { ...record, decision: { ...record.decision!, decision: 'ALLOW' as const, order: record.intent } };
  const body = shard.codec.encodeAuditBody(allowed);
  const hash = chainHash(record.prev_hash, body);
  const tree = new MerkleTree();
  tree.add(hash);
  const schema = auditSchemaOf(schemaText('AuditRecord'));
  const evidence = {
    body,
    hash,
    prevHash: record.prev_hash,
    schemaSha256: schema.identity,
    schema: packed(schema),
    policyText: policyText(),
    leafIndex: 0,
    treeSize: 1,
    proof: [],
    note: signedCheckpoint(tree, { shard: 0, auditOffset: 1, madeAt: 0 }, key).note,
  };
  expect(faultIn(evidenceText(evidence, auditText(allowed, hash)))).toMatch(
    /^decision: its facts and the policy give another one: decision\./,
  );
});

/** Paths to every text, number, flag and null. */
type Place = readonly (string | number)[];
const placesIn = (value: unknown, path: Place = []): readonly Place[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, each]) => placesIn(each, [...path, Array.isArray(value) ? Number(name) : name]))
    : [path];
const changedAt = (value: unknown, [name, ...rest]: Place): unknown => {
  if (name === undefined)
    return typeof value === 'string' ? otherText(value) : typeof value === 'number' ? value + 1 : value !== true;
  const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  (copy as Record<string | number, unknown>)[name] = changedAt((value as Record<string | number, unknown>)[name], rest);
  return copy;
};
/** The character in the middle, by another of the same alphabet. */
const otherText = (text: string): string => {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + (text[middle] === '1' ? '2' : '1') + text.slice(middle + 1);
};

describe('schemas of audit records', () => {
  it('are all known: today’s is the last of the list', () =>
    expect(KNOWN_AUDIT_SCHEMAS.at(-1)).toBe(auditSchemaOf(schemaText('AuditRecord')).identity));

  it('of earlier versions are read, bytes and hash as they were', () => {
    const text = earlier.schemas.AuditRecord;
    const schema = auditSchemaOf(text);
    expect(KNOWN_AUDIT_SCHEMAS).toContain(schema.identity);
    const body = Buffer.from(earlier.records.audit, 'hex').subarray(5, -32);
    const read = readAuditBody(body, Buffer.alloc(32), schema);
    expect(read).toMatchObject({ ok: true, value: { record: { run_id: exampleAudit.run_id, kind: 'DECISION' } } });
  });

  it('that are none of ours are not believed: the same bytes would say something else', () => {
    const swapped = schemaText('AuditRecord').replace('["buy","sell"]', '["sell","buy"]');
    expect(swapped).not.toBe(schemaText('AuditRecord'));
    const schema = auditSchemaOf(swapped);
    expect(unpacked(packed(schema), schema.identity)).toEqual({
      ok: false,
      error: expect.stringContaining('is none that this version knows'),
    });
    const ours = auditSchemaOf(schemaText('AuditRecord'));
    expect(unpacked(packed(schema), ours.identity)).toEqual({
      ok: false,
      error: expect.stringContaining('as it is said to have'),
    });
    expect(unpacked('AAAA', ours.identity)).toMatchObject({ ok: false });
    expect(unpacked(packed(ours), ours.identity)).toEqual({ ok: true, value: ours });
  });

  it('have one identity, however a registry writes them', () => {
    const text = schemaText('AuditRecord');
    const reordered = JSON.stringify(
      JSON.parse(text, (name, value: unknown) => (name === 'doc' ? undefined : value)),
      null,
      2,
    );
    expect(auditSchemaOf(reordered)).toEqual(auditSchemaOf(text));
    expect(essenceOf(reordered)).toBe(auditSchemaOf(text).text);
    const generic = genericOf(text, { ...exampleAudit, hash: Buffer.alloc(32) });
    const codec = new Codec(freshSchemas());
    expect(parseSchema(auditSchemaOf(text).text).toBuffer(generic).subarray(0, -32)).toEqual(codec.encodeAuditBody(exampleAudit));
  });
});
