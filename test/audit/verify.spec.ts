/**
 * Logs that the real engine wrote, and the same logs with one thing changed: every change is found, and no log that was left alone is accused. In both
 * forms, as a topic and as JSONL.
 */
import { hash as hashOf } from 'node:crypto';
import { SigningKey } from '../../src/audit/checkpoint/checkpointKeys';
import { signedHead, verifiedHead } from '../../src/audit/checkpoint/checkpointNote';
import { AuditLineReader } from '../../src/audit/jsonl/auditLineReader';
import { MerkleTree } from '../../src/audit/merkle';
import { isFaulty } from '../../src/audit/verify/foundRecord';
import { readRecord } from '../../src/audit/verify/readRecord';
import { Verification } from '../../src/audit/verify/verification';
import type { GivenHead, Verified } from '../../src/audit/verify/verification';
import type { Codec } from '../../src/contracts/avro/codec';
import { canonicalJson } from '../../src/contracts/json/write';
import type { JsonOut } from '../../src/contracts/json/write';
import type { BusRecord } from '../../src/processor/bus';
import type { AuditedLog } from '../support/auditedLog';
import { auditedLog } from '../support/auditedLog';
import { decoded, edited, rechained, renumbered, resealed } from '../support/editedLog';
import { Random } from '../support/random';

const UNTOUCHED = 500;
const MUTATIONS = 500;
const MINUTES = 120_000;
const key = SigningKey.generate('log.example.com');
const otherKey = SigningKey.generate('log.example.com');

/** Signed over all hashes, by `by`; what the signature of `key` is worth is looked at as `verify` does. */
const headOf = (hashes: readonly Uint8Array[], by = key): GivenHead | string => {
  const tree = new MerkleTree();
  for (const hash of hashes) tree.add(hash);
  const note = signedHead(
    { shard: 0, size: tree.size, root: tree.root(), auditOffset: tree.size, madeAt: 1_771_925_400_000 },
    by,
  );
  const head = verifiedHead(note, key.publicKey);
  return head.ok ? { name: 'checkpoint', head: head.value } : head.error;
};

const mustBeHead = (head: GivenHead | string): GivenHead => {
  if (typeof head === 'string') throw new Error(head);
  return head;
};

/** Fields of a decision that a chain made anew sets itself, or that older versions did not write. */
const FREE = ['seq', 'control_position'];

describe('a topic', () => {
  const verify = (codec: Codec, records: readonly BusRecord[], heads: readonly GivenHead[] = []): Verified => {
    const verification = new Verification({ inOrderOfShard: true, heads });
    for (const record of records) verification.add(readRecord(codec, record));
    return verification.end();
  };
  const hashesOf = ({ codec, records }: AuditedLog): readonly Uint8Array[] =>
    records.map((record) => decoded(codec, record).hash);

  it(
    `accuses none of ${UNTOUCHED} logs, and derives every decision`,
    async () => {
      let decisions = 0;
      for (let seed = 1; seed <= UNTOUCHED; seed++) {
        const log = await auditedLog(seed, 20);
        const { faults, warnings, derived, ...rest } = verify(log.codec, log.records, [mustBeHead(headOf(hashesOf(log)))]);
        expect({ seed, fault: faults.first, warnings }).toEqual({ seed, fault: undefined, warnings: [] });
        expect(derived).toBe(rest.decisions);
        decisions += derived;
      }
      expect(decisions).toBeGreaterThan(UNTOUCHED);
    },
    MINUTES,
  );

  /** Answers with the log as it was changed; undefined where the draw is none. `byCheckpoint`: nothing but a checkpoint shows it. */
  type Mutation = (
    log: AuditedLog,
    random: Random,
  ) => { readonly records: readonly BusRecord[]; readonly byCheckpoint?: boolean } | undefined;

  const isLastOfRun = ({ codec, records }: AuditedLog, at: number): boolean => {
    const runOf = (record: BusRecord): string => decoded(codec, record).record.run_id;
    const run = runOf(records[at]!);
    return !records.slice(at + 1).some((record) => runOf(record) === run);
  };

  const MUTATIONS_OF: Readonly<Record<string, Mutation>> = {
    'a field edited, the hash left': ({ codec, records }, random) => {
      const at = random.below(records.length);
      const { record, hash } = decoded(codec, records[at]!);
      const again = resealed(codec, records[at]!, edited(record, random).value, hash);
      return again === undefined ? undefined : { records: records.with(at, again) };
    },
    'a field edited, its own hash made anew': (log, random) => {
      const { codec, records } = log;
      const at = random.below(records.length);
      const again = resealed(codec, records[at]!, edited(decoded(codec, records[at]!).record, random).value);
      return again === undefined ? undefined : { records: records.with(at, again), byCheckpoint: isLastOfRun(log, at) };
    },
    'a bit of the bytes': ({ records }, random) => {
      const at = random.below(records.length);
      const value = Buffer.from(records[at]!.value!);
      const byte = random.below(value.length);
      value[byte] = value[byte]! ^ (1 << random.below(8));
      return { records: records.with(at, { ...records[at]!, value }) };
    },
    'a record put in': ({ records }, random) => ({
      records: renumbered(records.toSpliced(random.below(records.length + 1), 0, random.pick(records))),
    }),
    'a record taken out': (log, random) => {
      const at = random.below(log.records.length);
      return { records: renumbered(log.records.toSpliced(at, 1)), byCheckpoint: isLastOfRun(log, at) };
    },
    'two records of a run exchanged': ({ codec, records }, random) => {
      const [one, other] = [random.below(records.length), random.below(records.length)];
      const run = (at: number): string => decoded(codec, records[at]!).record.run_id;
      if (one === other || run(one) !== run(other)) return undefined;
      return { records: renumbered(records.with(one, records[other]!).with(other, records[one]!)) };
    },
    'the end cut off': ({ records }, random) => ({ records: records.slice(0, random.below(records.length)), byCheckpoint: true }),
    'records of two runs exchanged': ({ codec, records }, random) => {
      const [one, other] = [random.below(records.length), random.below(records.length)];
      const [a, b] = [decoded(codec, records[one]!).record, decoded(codec, records[other]!).record];
      if (a.run_id === b.run_id) return undefined;
      const [x, y] = [
        resealed(codec, records[one]!, { ...b, run_id: a.run_id, seq: a.seq, prev_hash: a.prev_hash }),
        resealed(codec, records[other]!, { ...a, run_id: b.run_id, seq: b.seq, prev_hash: b.prev_hash }),
      ];
      return x === undefined || y === undefined
        ? undefined
        : { records: records.with(one, x).with(other, y), byCheckpoint: true };
    },
    'a field edited, the whole chain made anew': ({ codec, records }, random) => {
      const at = random.below(records.length);
      const { value } = edited(
        decoded(codec, records[at]!).record,
        random,
        ([name]) => !['seq', 'prev_hash', 'run_id'].includes(String(name)),
      );
      const again = resealed(codec, records[at]!, value);
      if (again === undefined || !codec.decodeAudit(again.value).ok) return undefined;
      return { records: rechained(codec, records.with(at, again)), byCheckpoint: true };
    },
    'another key or time of the record': ({ codec, records }, random) => {
      const at = random.below(records.length);
      const record = records[at]!;
      const other = codec.encodeKey('audit-records', { run_id: 'another', intent_id: '' });
      return {
        records: records.with(
          at,
          random.chance(0.5) ? { ...record, key: other } : { ...record, timestamp: record.timestamp + 1 },
        ),
      };
    },
  };
  const names = Object.keys(MUTATIONS_OF);

  it(
    `finds ${MUTATIONS} random changes, whatever they are`,
    async () => {
      const random = new Random(7);
      const found = new Map<string, number>();
      for (let number = 0; number < MUTATIONS; number++) {
        const log = await auditedLog(random.below(1e6), 15);
        const name = names[number % names.length]!;
        const changed = MUTATIONS_OF[name]!(log, random);
        if (changed === undefined || sameRecords(changed.records, log.records)) {
          number -= 1;
          continue;
        }
        const byCheckpoint = verify(log.codec, changed.records, [mustBeHead(headOf(hashesOf(log)))]);
        // Keys and times are no leaves of the tree, and need no checkpoint.
        expect({ number, name, faults: byCheckpoint.faults.total > 0 }).toEqual({ number, name, faults: true });
        if (changed.byCheckpoint !== true)
          expect({ number, name, faults: verify(log.codec, changed.records).faults.total > 0 }).toEqual({
            number,
            name,
            faults: true,
          });
        found.set(name, (found.get(name) ?? 0) + 1);
      }
      expect([...found.keys()].sort()).toEqual([...names].sort());
    },
    MINUTES,
  );

  it('takes no checkpoint of another key for the log that was made anew', async () => {
    const log = await auditedLog(3);
    const forged = { ...log, records: rechained(log.codec, log.records.slice(1)) };
    expect(headOf(hashesOf(forged), otherKey)).toMatch(
      /^signed by log\.example\.com \(key [0-9a-f]{8}\); expected a signature by/,
    );
  });

  it(
    'finds every forged decision without any checkpoint, in a chain that is whole: it does not follow from the facts',
    async () => {
      const random = new Random(11);
      let found = 0;
      let all = 0;
      for (let seed = 1; all < 100; seed++) {
        const { codec, records } = await auditedLog(seed, 15);
        const at = records.findIndex((record) => decoded(codec, record).record.facts !== null);
        if (at === -1) continue;
        const { value } = edited(
          decoded(codec, records[at]!).record,
          random,
          ([name, field]) => name === 'decision' && !FREE.includes(String(field)),
        );
        const again = resealed(codec, records[at]!, value);
        if (again === undefined || !codec.decodeAudit(again.value).ok) continue;
        all += 1;
        if (verify(codec, rechained(codec, records.with(at, again))).faults.total > 0) found += 1;
      }
      expect(found).toBe(100);
    },
    MINUTES,
  );
});

describe('JSONL', () => {
  const verify = (codec: Codec, lines: readonly string[], heads: readonly GivenHead[] = []): Verified => {
    const verification = new Verification({ heads, endsWithDecision: true });
    const reader = new AuditLineReader(codec);
    for (const [at, line] of lines.entries()) {
      const where = `audit.jsonl:${at + 1}`;
      const { faults, records, unchained } = reader.read(Buffer.from(line), where);
      for (const fault of faults) verification.fault({ ...fault, where, run_id: null, seq: null });
      if (unchained !== undefined)
        verification.fault({ kind: 'FORM', where, run_id: null, seq: null, expected: 'a chain', found: 'none' });
      for (const record of records) verification.add(record);
    }
    return verification.end();
  };
  const hashesOf = ({ codec, lines }: AuditedLog): readonly Uint8Array[] => {
    const reader = new AuditLineReader(codec);
    return lines.flatMap((line) =>
      reader.read(Buffer.from(line), '').records.flatMap((found) => (isFaulty(found) ? [] : [found.hash])),
    );
  };

  it(
    `accuses none of ${UNTOUCHED} logs`,
    async () => {
      for (let seed = 1; seed <= UNTOUCHED; seed++) {
        const log = await auditedLog(seed, 20);
        const { faults, warnings, derived, decisions } = verify(log.codec, log.lines, [mustBeHead(headOf(hashesOf(log)))]);
        expect({ seed, fault: faults.first, warnings }).toEqual({ seed, fault: undefined, warnings: [] });
        expect(derived).toBe(decisions);
        expect(decisions).toBe(log.lines.length);
      }
    },
    MINUTES,
  );

  type Fields = Record<string, JsonOut>;
  const withDigest = (fields: Fields): string => {
    const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'line_sha256'));
    return canonicalJson({ ...rest, line_sha256: hashOf('sha256', canonicalJson(rest)) });
  };
  /** What no hash of the chain covers. */
  const BESIDE = ['portfolio_state', 'market_snapshot', 'execution_state', 'recorded_at', 'eval_ms', 'line_sha256'];
  const runOf = (line: string): JsonOut => (JSON.parse(line) as Fields).run_id ?? null;

  type Mutation = (
    lines: readonly string[],
    random: Random,
  ) => { readonly lines: readonly string[]; readonly byCheckpoint?: boolean } | undefined;
  const MUTATIONS_OF: Readonly<Record<string, Mutation>> = {
    'a field edited': (lines, random) => {
      const at = random.below(lines.length);
      return { lines: lines.with(at, canonicalJson(edited(JSON.parse(lines[at]!) as Fields, random).value)) };
    },
    'a field of the record edited, the digest of the line made anew': (lines, random) => {
      const at = random.below(lines.length);
      const isOfRecord = ([name, inner]: readonly (string | number)[]): boolean =>
        !BESIDE.includes(String(name)) && !(name === 'decision' && inner === 'eval_ms');
      return { lines: lines.with(at, withDigest(edited(JSON.parse(lines[at]!) as Fields, random, isOfRecord).value)) };
    },
    'a character': (lines, random) => {
      const at = random.below(lines.length);
      const line = lines[at]!;
      const place = random.below(line.length);
      return {
        lines: lines.with(
          at,
          line.slice(0, place) + random.pick(['0', '1', ' ', 'x', '"', '']) + line.slice(place + random.below(2)),
        ),
      };
    },
    'a field taken out': (lines, random) => {
      const at = random.below(lines.length);
      const fields = JSON.parse(lines[at]!) as Fields;
      const name = random.pick(Object.keys(fields));
      return {
        lines: lines.with(at, canonicalJson(Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name)))),
      };
    },
    'a record taken out of a line': (lines, random) => {
      const at = random.below(lines.length);
      const fields = JSON.parse(lines[at]!) as Fields;
      const preceding = fields.preceding_records as readonly JsonOut[];
      if (preceding.length === 0) return undefined;
      return {
        lines: lines.with(
          at,
          withDigest({ ...fields, preceding_records: preceding.toSpliced(random.below(preceding.length), 1) }),
        ),
      };
    },
    'a line put in': (lines, random) => ({ lines: lines.toSpliced(random.below(lines.length + 1), 0, random.pick(lines)) }),
    'a line taken out': (lines, random) => {
      const at = random.below(lines.length);
      return {
        lines: lines.toSpliced(at, 1),
        byCheckpoint: !lines.slice(at + 1).some((line) => runOf(line) === runOf(lines[at]!)),
      };
    },
    'two lines exchanged': (lines, random) => {
      const [one, other] = [random.below(lines.length), random.below(lines.length)];
      // In which order the lines of two runs stand says nothing of either; a checkpoint is over both.
      return {
        lines: lines.with(one, lines[other]!).with(other, lines[one]!),
        byCheckpoint: runOf(lines[one]!) !== runOf(lines[other]!),
      };
    },
    'the end cut off': (lines, random) => ({ lines: lines.slice(0, random.below(lines.length)), byCheckpoint: true }),
    'the run of a line': (lines, random) => {
      const at = random.below(lines.length);
      const fields = JSON.parse(lines[at]!) as Fields;
      return { lines: lines.with(at, withDigest({ ...fields, run_id: fields.run_id === 'r-1' ? 'r-2' : 'r-1' })) };
    },
  };
  const names = Object.keys(MUTATIONS_OF);

  it(
    `finds ${MUTATIONS} random changes, whatever they are`,
    async () => {
      const random = new Random(13);
      for (let number = 0; number < MUTATIONS; number++) {
        const log = await auditedLog(random.below(1e6), 15);
        const name = names[number % names.length]!;
        const changed = log.lines.length < 2 ? undefined : MUTATIONS_OF[name]!(log.lines, random);
        if (changed === undefined || changed.lines.join('\n') === log.lines.join('\n')) {
          number -= 1;
          continue;
        }
        const found =
          changed.byCheckpoint === true
            ? verify(log.codec, changed.lines, [mustBeHead(headOf(hashesOf(log)))])
            : verify(log.codec, changed.lines);
        expect({ number, name, found: found.faults.total > 0 }).toEqual({ number, name, found: true });
      }
    },
    MINUTES,
  );
});

const sameRecords = (a: readonly BusRecord[], b: readonly BusRecord[]): boolean =>
  a.length === b.length && a.every((record, at) => sameRecord(record, b[at]!));

const sameRecord = (a: BusRecord, b: BusRecord): boolean =>
  a.timestamp === b.timestamp && Buffer.compare(a.key!, b.key!) === 0 && Buffer.compare(a.value!, b.value!) === 0;
