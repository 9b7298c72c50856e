/**
 * The independent verifier (scripts/verify), on exports and evidence that the real commands make: of a log that is whole, and of logs that somebody who
 * knows the program, and writes every checksum anew, has damaged.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { KNOWN_AUDIT_SCHEMAS } from '../../src/audit/evidence/auditSchemas';
import { openSession } from '../../src/apps/session';
import type { Codec } from '../../src/contracts/avro/codec';
import { chainHash } from '../../src/contracts/chain';
import type { Decimal, Notional } from '../../src/contracts/decimal';
import { decimalText, notionalText } from '../../src/contracts/documents/writeDocument';
import type { AuditRecord } from '../../src/contracts/messages';
import { AUDIT_CHECKPOINTS, AUDIT_RECORDS } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { command } from '../support/commands';
import { runDemo } from '../support/demoRun';
import { ROOT, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { findPython } from '../support/pythonPackages';

const SCRIPTS = join(ROOT, 'scripts', 'verify');
const found = findPython(join(SCRIPTS, 'requirements.txt'));
if ('missing' in found) {
  if (['true', '1'].includes(process.env.CI ?? ''))
    throw new Error(`CI needs the tests of the Python verifier: ${found.missing}`);
  process.stderr.write(`system tests: SKIPPED those of the Python verifier: ${found.missing}\n`);
}
const describePython = 'python' in found ? describe : describe.skip;

interface Verdict {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

const python = (...args: readonly string[]): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const child = spawn('python' in found ? found.python : '', [...args], {
      cwd: SCRIPTS,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8' },
      timeout: 60_000,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: stdout.split('\n').filter((line) => line !== ''), stderr }));
  });

const verify = (...args: readonly string[]): Promise<Verdict> => python('verify.py', ...args);

jest.setTimeout(120_000);

const folder = temporaryFolder();
afterAll(folder.remove);
const [KEY, OTHER_KEY] = [folder.path('checkpoint.key'), folder.path('other.key')];
const [PUBLIC, OTHER_PUBLIC] = [`${KEY}.pub`, `${OTHER_KEY}.pub`];
const KEPT = folder.path('checkpoints.jsonl');
const EVIDENCE = folder.path('demo-03.evidence.json');
const EXPORT = folder.path('export');
let dataDir = '';

const done = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await command(...args);
  if (code !== 0) throw new Error(`policygate ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
};

/** Two runs, each signed when it had ended. */
beforeAll(async () => {
  if (!('python' in found)) return;
  for (const key of [KEY, OTHER_KEY]) await done('checkpoint', 'keygen', '--name', 'risk.example.com/gate', '--out', key);
  for (const run of ['r-1', 'r-2']) {
    ({ dataDir } = await runDemo(folder.path, run));
    await done('checkpoint', 'publish', '--key', KEY, '--out', KEPT, '--data-dir', dataDir);
  }
  await done('export', '--out', EXPORT, '--data-dir', dataDir);
  await done('prove', '--run', 'r-1', '--intent', 'demo-03', '--public-key', PUBLIC, '--out', EVIDENCE, '--data-dir', dataDir);
});

let copies = 0;

/** An export, by the real command, of a log that holds what `change` makes of this one's audit records and checkpoints. */
const exportOf = async (
  change: (records: BusRecord[], codec: Codec, checkpoints: BusRecord[]) => void,
  ...flags: readonly string[]
): Promise<string> => {
  const name = `damaged-${++copies}`;
  const from = await openSession(dataDir);
  const to = await openSession(folder.path(name));
  try {
    const all = async (topic: typeof AUDIT_RECORDS | typeof AUDIT_CHECKPOINTS): Promise<BusRecord[]> => {
      const records: BusRecord[] = [];
      for await (const record of recordsTo(from.bus, { topic, partition: 0, offset: 0 })) records.push(record);
      return records;
    };
    const [records, checkpoints] = [await all(AUDIT_RECORDS), await all(AUDIT_CHECKPOINTS)];
    change(records, from.codec, checkpoints);
    const writer = await to.bus.writer('test');
    await writer.commit([...records, ...checkpoints]);
    await writer.close();
  } finally {
    await from.bus.close();
    await to.bus.close();
  }
  const out = folder.path(`${name}-export`);
  await done('export', '--out', out, '--data-dir', folder.path(name), ...flags);
  return out;
};

/** The record at `index` with other contents, and its own hash made to fit. */
const edit = (records: BusRecord[], codec: Codec, index: number, change: (record: AuditRecord) => AuditRecord): Uint8Array => {
  const at = records[index];
  const decoded = codec.decodeAudit(at?.value ?? null);
  if (at === undefined || !decoded.ok) throw new TypeError(`no audit record at ${index}`);
  const record = change(decoded.value.record);
  const body = codec.encodeAuditBody(record);
  const hash = chainHash(record.prev_hash, body);
  records[index] = { ...at, value: codec.auditValue(body, hash) };
  return hash;
};

const otherNote = (record: AuditRecord): AuditRecord => ({ ...record, note: 'nothing happened' });

/** The indices of a run's records. */
const indicesOf = (records: readonly BusRecord[], codec: Codec, run: string): readonly number[] =>
  records.flatMap(({ value }, index) => {
    const decoded = codec.decodeAudit(value);
    return decoded.ok && decoded.value.record.run_id === run ? [index] : [];
  });

interface Manifest {
  readonly files: { readonly path: string; readonly topic: string; bytes: number; sha256: string }[];
}

const rewriteManifest = (exported: string, change: (manifest: Manifest & Json) => void): void => {
  const file = join(exported, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest & Json;
  change(manifest);
  writeFileSync(file, JSON.stringify(manifest));
};

const expectFault = async (args: readonly string[], fault: RegExp): Promise<void> => {
  const { code, lines, stderr } = await verify(...args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^FAULT .*${fault.source}`)));
  expect(lines.at(-1)).toMatch(/^[0-9]+ faults? found$/);
};

const expectUnusable = async (args: readonly string[], message: RegExp): Promise<void> => {
  const { code, lines, stderr } = await verify(...args);
  expect({ code, lines }).toEqual({ code: 2, lines: [] });
  expect(stderr).toMatch(new RegExp(`^Error: [^\n]*${message.source}[^\n]*\n$`));
};

describePython('the verifier in Python', () => {
  it('holds the vectors of RFC 8032, RFC 6962 and signed notes', async () => {
    const { code, stderr } = await python('-m', 'unittest', '-v');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/Ran [0-9]+ tests[^]*OK/) });
  });

  it('knows the same schemas as the program', () => {
    const text = readFileSync(join(SCRIPTS, 'audit_schema.py'), 'utf8');
    expect([...text.matchAll(/^ {4}"([0-9a-f]{64})"/gm)].map(([, hash]) => hash)).toEqual(KNOWN_AUDIT_SCHEMAS);
  });

  it('says how it is used', async () => {
    const { code, lines } = await verify('--help');
    expect([code, lines.join('\n')]).toEqual([
      0,
      expect.stringContaining('exit codes: 0 whole, 1 a fault was found, 2 could not run'),
    ]);
  });

  describe('of what is whole', () => {
    it('has nothing to say against an export, with a line for each run and checkpoint', async () => {
      const { code, lines, stderr } = await verify(EXPORT, '--key', PUBLIC, '--checkpoints', KEPT);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const root = '[0-9a-f]{64}';
      expect(lines).toEqual([
        expect.stringMatching(/^files: \d+, each as its SHA-256 in the manifest says$/),
        ...['r-1', 'r-2'].map((run) =>
          expect.stringMatching(new RegExp(`^run ${run}: 20 records, seq 0 to 19, last hash ${root}: whole$`)),
        ),
        ...[20, 20, 40, 40].map((size) =>
          expect.stringMatching(
            new RegExp(`^checkpoint .*: ${size} records of shard 0 at .*, root ${root}, signed by risk\\.example\\.com/gate$`),
          ),
        ),
        expect.stringMatching(new RegExp(`^shard 0: 40 audit records, root ${root}; 0 behind the last checkpoint$`)),
        'whole',
      ]);
    });

    it('nor against one of JSONL, one of a day, files alone, and a log that was copied with all that is checked', async () => {
      const jsonl = await exportOf(() => undefined, '--format', 'jsonl');
      const day = folder.path('day');
      await done('export', '--out', day, '--day', '2026-02-24', '--data-dir', dataDir);
      const one = join(EXPORT, 'audit-records', 'r-1', '2026-02-24.avro');
      for (const args of [[jsonl, '--key', PUBLIC, '--checkpoints', KEPT], [day], [one]])
        expect(await verify(...args)).toMatchObject({ code: 0, stderr: '' });
    });

    it('nor against evidence, and it says what is proven', async () => {
      expect(await verify('--evidence', EVIDENCE, '--key', PUBLIC)).toEqual({
        code: 0,
        stderr: '',
        lines: [
          'asked: buy 120 NVDA, intent demo-03',
          'decided: MODIFY, to send: buy 80 NVDA, because of EXP-001',
          'on the log: run r-1, seq 7; audit record 7 of 20 of risk.example.com/gate/0',
          expect.stringMatching(/^signed: at .* by risk\.example\.com\/gate$/),
          'whole',
        ],
      });
    });
  });

  it('writes every number as the program does', async () => {
    const anyUnits = (bound: bigint): fc.Arbitrary<bigint> =>
      fc.oneof(
        fc.bigInt({ min: 1n - bound, max: bound - 1n }),
        // Of few digits, wherever the point stands: what doubles give back.
        fc
          .tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.nat(String(bound).length - 1))
          .map(([digits, zeros]) => (digits * 10n ** BigInt(zeros)) % bound),
      );
    const sample = (bound: bigint): bigint[] => [
      ...fc.sample(anyUnits(bound), { numRuns: 3_000, seed: 7 }),
      ...[0n, 1n, -1n, 10n ** 11n, 10n ** 12n, 10n ** 13n, bound - 1n, 1n - bound],
    ];
    const [decimals, notionals] = [sample(10n ** 38n), sample(10n ** 76n)];
    const script = [
      'import json, sys, shown',
      'given = json.load(open(sys.argv[1]))',
      'def text(value): return value.text if isinstance(value, shown.Number) else json.dumps(value)',
      'def signed(units, size): return int(units).to_bytes(size, "big", signed=True)',
      'print(json.dumps([[text(shown._decimal(signed(one, 16))) for one in given[0]], [text(shown._notional(signed(one, 32))) for one in given[1]]]))',
    ];
    const file = folder.path('numbers.json');
    writeFileSync(file, JSON.stringify([decimals.map(String), notionals.map(String)]));
    const { lines, stderr } = await python('-c', script.join('\n'), file);
    expect(stderr).toBe('');
    expect(JSON.parse(lines.join(''))).toEqual([
      decimals.map((units) => decimalText(units as Decimal)),
      notionals.map((units) => notionalText(units as Notional)),
    ]);
  });

  it.each(['0.3.0', '0.4.0'])(
    'shows every record of a log of engine %s as the program does, in lines of JSON',
    async (version) => {
      const [log, data, out] = [
        folder.path(`golden-${version}`),
        folder.path(`golden-data-${version}`),
        folder.path(`golden-jsonl-${version}`),
      ];
      mkdirSync(log);
      const archive = join(ROOT, 'test', 'golden', 'logs', version, 'export.tar.gz');
      expect(spawnSync('tar', ['-xzf', archive, '-C', log]).status).toBe(0);
      await done('import', '--from', join(log, 'export'), '--data-dir', data);
      await done('export', '--out', out, '--format', 'jsonl', '--data-dir', data);
      expect(await verify(out)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  describe('of what is readable in a JSONL export', () => {
    const forged = async (topic: string, change: (line: string) => string): Promise<string> => {
      const out = await exportOf(() => undefined, '--format', 'jsonl');
      rewriteManifest(out, (manifest) => {
        for (const file of manifest.files)
          if (file.topic === topic) {
            const path = join(out, file.path);
            const lines = readFileSync(path, 'utf8').split('\n').map(change);
            writeFileSync(path, lines.join('\n'));
            const bytes = readFileSync(path);
            Object.assign(file, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
          }
      });
      return out;
    };

    it.each<[string, string, (line: string) => string, RegExp]>([
      [
        'a verdict',
        'audit-records',
        (line) => line.replace('"decision":"DENY"', '"decision":"ALLOW"'),
        /value\.decision\.decision/,
      ],
      [
        'a price of the facts',
        'audit-records',
        (line) => line.replace(/("facts":\{.*?"price":)[0-9.]+/, '$17'),
        /value\.facts\.price/,
      ],
      ['a field more', 'audit-records', (line) => line.replace(/^\{/, '{"approved":true,'), /approved/],
      [
        'a key',
        'audit-records',
        (line) => line.replace('"key":{"intent_id":"demo-03"', '"key":{"intent_id":"demo-04"'),
        /key\.intent_id/,
      ],
      [
        'the size of a checkpoint',
        'audit-checkpoints',
        (line) => line.replace('"tree_size":20', '"tree_size":21'),
        /value\.tree_size/,
      ],
    ])('finds %s that is not what the bytes say', async (_, topic, change, fault) =>
      expectFault(
        [await forged(topic, change), '--key', PUBLIC],
        new RegExp(`${fault.source}: what the line says is not what its bytes say`),
      ),
    );
  });

  describe('of a log that was damaged, and exported with checksums that fit,', () => {
    const faulty = async (change: Parameters<typeof exportOf>[0], fault: RegExp, ...flags: readonly string[]): Promise<void> =>
      expectFault([await exportOf(change), '--key', PUBLIC, ...flags], fault);

    it('finds a record that was edited', () =>
      faulty((records, codec) => {
        const at = records[5];
        edit(records, codec, 5, otherNote);
        const changed = Buffer.from(records[5]?.value ?? []);
        changed.set(at?.value?.subarray(-32) ?? [], changed.length - 32);
        if (at !== undefined) records[5] = { ...at, value: changed };
      }, /audit-records\/r-1.*run r-1, seq 5: SHA-256 over prev_hash and its bytes is/));

    it('finds one that was edited and hashed again', () =>
      faulty(
        (records, codec) => void edit(records, codec, 5, otherNote),
        /run r-1, seq 6: prev_hash is [0-9a-f]{64}, the hash of the record before/,
      ));

    it('finds one after which the whole chain was made again', () =>
      faulty((records, codec) => {
        let hash: Uint8Array | undefined;
        for (const index of indicesOf(records, codec, 'r-1'))
          if (index >= 5) {
            const before = hash;
            hash = edit(records, codec, index, (record) =>
              before === undefined ? otherNote(record) : { ...record, prev_hash: before },
            );
          }
      }, /audit-checkpoints.*the first 20 records have the root .*: they are not those that were signed/));

    it('finds one that was taken out', () =>
      faulty((records) => void records.splice(7, 1), /run r-1, seq 8: it comes after seq 6/));

    it('finds one that is there twice', () =>
      faulty((records) => void records.splice(7, 0, ...records.slice(7, 8)), /run r-1, seq 7: it comes after seq 7/));

    it('finds two that were exchanged', () =>
      faulty((records) => void records.splice(7, 2, ...records.slice(7, 9).reverse()), /run r-1, seq 8: it comes after seq 6/));

    it('finds one that was moved into another run', () =>
      faulty(
        (records, codec) => void edit(records, codec, 19, (record) => ({ ...record, run_id: 'r-2' })),
        /run r-2, seq 0: it comes after seq 19/,
      ));

    it('finds the end cut off', () =>
      faulty((records) => void records.splice(-3), /signed over 40 audit records of shard 0, which has 37: it was cut/));

    it('finds the end cut off with its checkpoint, by a copy of the checkpoints', () =>
      faulty(
        (records, _, checkpoints) => {
          records.splice(20);
          checkpoints.splice(1);
        },
        /checkpoints\.jsonl:2: signed over 40 audit records of shard 0, which has 20: it was cut/,
        '--checkpoints',
        KEPT,
      ));

    it('finds all checkpoints gone', () =>
      faulty((_, __, checkpoints) => void checkpoints.splice(0), /there is no checkpoint that the key has signed/));

    it('finds a checkpoint whose fields are not what is signed', () =>
      faulty((_, codec, checkpoints) => {
        const [first] = checkpoints;
        const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, first?.value ?? null);
        if (first === undefined || !decoded.ok) throw new TypeError('no checkpoint');
        checkpoints[0] = {
          ...first,
          value: codec.encodeValue(AUDIT_CHECKPOINTS, { ...decoded.value, made_at: 0, tree_size: 19 }),
        };
      }, /audit-checkpoints.*what it says beside the note is not what the note says/));

    it('finds a note that was changed', () =>
      faulty((_, codec, checkpoints) => {
        const [first] = checkpoints;
        const decoded = codec.decodeValue(AUDIT_CHECKPOINTS, first?.value ?? null);
        if (first === undefined || !decoded.ok) throw new TypeError('no checkpoint');
        const note = decoded.value.note.replace('\naudit-offset 20\n', '\naudit-offset 21\n');
        checkpoints[0] = { ...first, value: codec.encodeValue(AUDIT_CHECKPOINTS, { ...decoded.value, note }) };
      }, /audit-checkpoints.*the signature by risk\.example\.com\/gate does not fit the text/));

    it('finds a log that another key has signed, under the same name', () =>
      expectFault(
        [EXPORT, '--key', OTHER_PUBLIC],
        /signed by risk\.example\.com\/gate \(key [0-9a-f]{8}\): expected a signature of the key/,
      ));
  });

  describe('of an export whose files were damaged', () => {
    const damaged = (change: (path: (...names: string[]) => string) => void): string => {
      const copy = folder.path(`files-${++copies}`);
      cpSync(EXPORT, copy, { recursive: true });
      change((...names) => join(copy, ...names));
      return copy;
    };
    const RECORDS = ['audit-records', 'r-1', '2026-02-24.avro'];

    it('finds a bit that was flipped', () =>
      expectFault(
        [
          damaged((path) => {
            const bytes = readFileSync(path(...RECORDS));
            const middle = bytes.length >> 1;
            bytes[middle] = (bytes[middle] ?? 0) ^ 1;
            writeFileSync(path(...RECORDS), bytes);
          }),
          '--key',
          PUBLIC,
        ],
        /manifest\.json: audit-records\/r-1\/2026-02-24\.avro: its SHA-256 is/,
      ));

    it('finds a file that was taken away', () =>
      expectFault(
        [damaged((path) => rmSync(path(...RECORDS))), '--key', PUBLIC],
        /audit-records\/r-1\/2026-02-24\.avro: the manifest names it/,
      ));

    it('finds a file that was taken away and out of the manifest', () =>
      expectFault(
        [
          damaged((path) => {
            rmSync(path(...RECORDS));
            const manifest = JSON.parse(readFileSync(path('manifest.json'), 'utf8')) as { files: { path: string }[] };
            manifest.files = manifest.files.filter((file) => file.path !== RECORDS.join('/'));
            writeFileSync(path('manifest.json'), JSON.stringify(manifest));
          }),
          '--key',
          PUBLIC,
        ],
        /signed over 40 audit records of shard 0, which has 20: it was cut/,
      ));

    it('finds a shard that the manifest does not count', () =>
      expectFault(
        [
          damaged((path) => {
            const manifest = JSON.parse(readFileSync(path('manifest.json'), 'utf8')) as Json;
            writeFileSync(path('manifest.json'), JSON.stringify({ ...manifest, shards: 0 }));
          }),
          '--key',
          PUBLIC,
        ],
        /audit-records\/r-1\/2026-02-24\.avro: records of shard 0, but the manifest says that there are 0 shards/,
      ));

    it('does not mind what an interrupted export has left behind the end of a file', async () => {
      const copy = damaged((path) => appendFileSync(path(...RECORDS), 'half a blo'));
      expect(await verify(copy, '--key', PUBLIC)).toMatchObject({ code: 0, stderr: '' });
    });
  });

  describe('of evidence that was changed', () => {
    const evidence = (): Json => JSON.parse(readFileSync(EVIDENCE, 'utf8')) as Json;
    const changed = (change: (evidence: Json) => Json): readonly string[] => {
      const file = folder.path(`evidence-${++copies}.json`);
      writeFileSync(file, JSON.stringify(change(evidence())));
      return ['--evidence', file, '--key', PUBLIC];
    };
    const body = (): Buffer => Buffer.from(String(evidence().body_base64), 'base64');

    /** Of a place such as `record.facts.price`, another value. */
    const put =
      (path: string, value: unknown) =>
      (json: Json): Json => {
        const names = path.split('.');
        const last = names.pop() ?? '';
        let at = json as Record<string, unknown>;
        for (const name of names) at = at[name] as Record<string, unknown>;
        at[last] = value;
        return json;
      };
    const withSchema =
      (change: (text: string) => string) =>
      (json: Json): Json => {
        const text = inflateRawSync(Buffer.from(String(json.schema_deflate_base64), 'base64')).toString();
        return { ...json, schema_deflate_base64: deflateRawSync(change(text)).toString('base64') };
      };

    it.each<[string, (evidence: Json) => Json, RegExp]>([
      ['the policy', (json) => ({ ...json, policy_text: `${String(json.policy_text)}\n` }), /policy_text: it is not the policy/],
      [
        'the bytes',
        (json) => ({ ...json, body_base64: body().fill(0, 10, 11).toString('base64') }),
        /hash: SHA-256 over prev_hash/,
      ],
      ['the place in the tree', put('leaf_index', 6), /inclusion_proof: it does not lead/],
      [
        'the proof',
        ({ inclusion_proof, ...rest }) => ({ ...rest, inclusion_proof: (inclusion_proof as string[]).slice(1) }),
        /inclusion_proof/,
      ],
      [
        'the checkpoint',
        (json) => ({ ...json, checkpoint: String(json.checkpoint).replace('/0\n', '/1\n') }),
        /does not fit the text/,
      ],
      ['the identity of the schema', put('schema_sha256', '0'.repeat(64)), /schema: it is not the one of its SHA-256/],
      [
        'the schema',
        withSchema((text) => text.replace('["buy","sell"]', '["sell","buy"]')),
        /schema: it is not the one of its SHA-256/,
      ],
      ['the scale of decimals', withSchema((text) => text.replace('"scale":18', '"scale":17')), /schema: 'Decimal18' has/],
      ['the type of decimals', withSchema((text) => text.replace('"logicalType":"decimal",', '')), /schema: 'Decimal18' has/],
      ['the schema, to no JSON,', withSchema(() => '['.repeat(100_000)), /schema: expected one in Avro's JSON/],
    ])('finds that %s was', (_, change, fault) => expectFault(changed(change), fault));

    it.each<[string, unknown]>([
      ['seq', 8],
      ['clock', 5],
      ['facts.equity', 1],
      ['facts.price', 999],
      ['facts.kill_switch_active', 0],
      ['decision.decision', 'ALLOW'],
      ['decision.evidence', []],
      ['decision.kill_switch_tripped', true],
      ['decision.order', [1]],
      ['decision.modified_intent.qty', 9999],
      ['decision.violations', 'x'],
      ['decision.violations.0.inputs.max_position_pct', 0.5],
      ['decision.violations.0.computed.more', 1],
      ['intent', 'x'],
      ['intent.qty', '120'],
      ['policy_hash', 5],
      ['positions.order_intents', 0],
      ['more', null],
    ])('finds that `%s` is not shown as it is in the bytes', (path, value) =>
      expectFault(
        changed(put(`record.${path}`, value)),
        /record\.[a-z_.[\]0-9]+: what is shown is not what the signed bytes say/,
      ),
    );

    it('finds a number in other digits', async () => {
      const file = folder.path(`evidence-${++copies}.json`);
      writeFileSync(file, readFileSync(EVIDENCE, 'utf8').replace('"qty":120', '"qty":120.0'));
      await expectFault(
        ['--evidence', file, '--key', PUBLIC],
        /record\.[a-z.]*qty: what is shown is not what the signed bytes say/,
      );
    });

    it('does not mind line ends in the policy, which its hash is not of', async () => {
      const args = changed((json) => ({ ...json, policy_text: String(json.policy_text).replaceAll('\n', '\r\n') }));
      expect(await verify(...args)).toMatchObject({ code: 0, stderr: '' });
    });

    it('finds another key', () =>
      expectFault(['--evidence', EVIDENCE, '--key', OTHER_PUBLIC], /expected a signature of the key/));

    it.each<[string, (text: string) => string | Buffer, RegExp]>([
      ['bytes of no text', () => Buffer.from([0x80, 0xff]), /expected evidence as JSON/],
      ['nothing', () => '', /expected evidence as JSON/],
      ['lists without an end', () => '['.repeat(200_000), /more than 32 lists and objects/],
      ['lists that are too deep', () => `${'['.repeat(40)}${']'.repeat(40)}`, /more than 32 lists and objects/],
      ['a key that is there twice', (text) => text.replace('"run_id":', '"run_id":"other","run_id":'), /the key 'run_id' twice/],
      ['half a character', (text) => text.replace('"policy_text": "', '"policy_text": "\\ud800'), /surrogates/],
      ['NaN', (text) => text.replace('"leaf_index": 7', '"leaf_index": NaN'), /NaN/],
      ['more than a mebibyte', (text) => text + ' '.repeat(1_048_576), /more than 1048576 bytes/],
      ['a field of its own', (text) => text.replace('{', '{"approved": true,'), /'approved' is no field/],
      ['no proof', (text) => text.replace('"inclusion_proof"', '"inclusion"'), /`inclusion_proof` is missing/],
      [
        'a place with a fraction',
        (text) => text.replace('"leaf_index": 7', '"leaf_index": 7.0'),
        /leaf_index: expected a whole number/,
      ],
      [
        'a checkpoint that is a number',
        (text) => text.replace(/"checkpoint": .*/, '"checkpoint": 5'),
        /checkpoint: expected a text/,
      ],
      [
        'a hash in capitals',
        (text) => text.replace(/("prev_hash": ")([0-9a-f]+)/, (_, name: string, hash: string) => name + hash.toUpperCase()),
        /prev_hash: expected 64/,
      ],
      [
        'base64 with something behind it',
        (text) => text.replace(/("body_base64": "[^"]+)/, '$1!'),
        /body_base64: expected bytes in base64/,
      ],
    ])('cannot read %s as evidence', async (_, change, message) => {
      const file = folder.path(`evidence-${++copies}.json`);
      writeFileSync(file, change(readFileSync(EVIDENCE, 'utf8')));
      await expectUnusable(['--evidence', file, '--key', PUBLIC], message);
    });
  });

  describe('of an export and a key that do not fit together', () => {
    const forgedManifest = (change: (manifest: Manifest & Json) => void): string => {
      const copy = folder.path(`manifest-${++copies}`);
      cpSync(EXPORT, copy, { recursive: true });
      rewriteManifest(copy, change);
      return copy;
    };
    const withFilter = (filter: Json): string => forgedManifest((manifest) => Object.assign(manifest.filter as object, filter));

    it.each([{ run_id: 'r-1' }, { day: '2026-02-24' }])(
      'says that nothing is proven where the manifest says %j',
      async (filter) => {
        const copy = withFilter(filter);
        const refused = /by its manifest it has one run or one day alone/;
        await expectUnusable([copy, '--key', PUBLIC], refused);
        await expectUnusable([copy, '--checkpoints', KEPT], refused);
        expect(await verify(copy)).toMatchObject({ code: 0, stderr: '' });
      },
    );

    it('does not take a key for files alone', () =>
      expectUnusable(
        [join(EXPORT, 'audit-records', 'r-1', '2026-02-24.avro'), '--key', PUBLIC],
        /--key and --checkpoints need the folder/,
      ));

    it.each<[string, string | Buffer, RegExp]>([
      ['without one', '\n', /no checkpoint in it/],
      ['of bytes of no text', Buffer.from([0x80, 0xff, 0x0a]), /:1: expected a checkpoint as a line of JSON/],
      ['whose note is a number', '{"note":5}\n', /:1: expected a checkpoint as a line of JSON with its `note`/],
      ['of lists without an end', '['.repeat(60_000), /:1: expected a checkpoint as a line of JSON/],
    ])('cannot read a file of checkpoints %s', async (_, text, message) => {
      const file = folder.path(`checkpoints-${++copies}.jsonl`);
      writeFileSync(file, text);
      await expectUnusable([EXPORT, '--checkpoints', file], message);
    });

    it('finds that no given checkpoint is about a shard, however many the export brings itself', async () => {
      const elsewhere = folder.path(`checkpoints-${++copies}.jsonl`);
      const { note } = JSON.parse(readFileSync(KEPT, 'utf8').split('\n')[0] ?? '') as { note: string };
      writeFileSync(elsewhere, `${JSON.stringify({ note: note.replace('/0\n', '/3\n') })}\n`);
      await expectFault([EXPORT, '--checkpoints', elsewhere], /there is no checkpoint of shard 0 in the file that was given/);
    });

    it.each<[string, (manifest: Manifest & Json) => void]>([
      ['topics that are a number', (manifest) => Object.assign(manifest.filter as object, { topics: 5 })],
      ['a version that is true', (manifest) => Object.assign(manifest, { format_version: true })],
      ['a list of schemas', (manifest) => Object.assign(manifest, { schemas: [] })],
      ['schemas that are no texts', (manifest) => Object.assign(manifest, { schemas: { 1: 5 } })],
      ['more shards than there can be', (manifest) => Object.assign(manifest, { shards: 1e15 })],
      ['files that are texts', (manifest) => Object.assign(manifest, { files: ['x'] })],
    ])('cannot read a manifest with %s', (_, change) =>
      expectUnusable([forgedManifest(change), '--key', PUBLIC], /expected an export with a manifest\.json of format version 1/),
    );

    it.each(['a\0b', '../x', '/etc/passwd'])('does not open %j', (path) =>
      expectUnusable(
        [forgedManifest(({ files }) => Object.assign(files[0] ?? {}, { path })), '--key', PUBLIC],
        /is no path within an export/,
      ),
    );

    it('cannot read a manifest of lists without an end', async () => {
      const copy = forgedManifest(() => undefined);
      writeFileSync(join(copy, 'manifest.json'), '['.repeat(200_000));
      await expectUnusable([copy], /more than 32 lists and objects/);
    });
  });

  it.each<[string, () => readonly string[], RegExp]>([
    ['nothing to check', () => [], /expected the folder of an export, or --evidence/],
    ['no such file', () => [folder.path('none')], /none: cannot be read/],
    ['a folder without a manifest', () => [folder.path('data')], /expected an export with a manifest\.json/],
    ['a private key', () => [EXPORT, '--key', KEY], /expected a public key, found a private one/],
    ['evidence without a key', () => ['--evidence', EVIDENCE], /--key is missing/],
  ])('cannot run with %s, and says so in one line', (_, args, message) => expectUnusable(args(), message));
});
