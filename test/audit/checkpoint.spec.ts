/** Checkpoints and evidence as people make and check them: commands on a data directory. */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openSession } from '../../src/apps/session';
import { AUDIT_RECORDS, TOPICS } from '../../src/contracts/topics';
import { recordsTo } from '../../src/processor/readTo';
import { command, foldDirectory } from '../support/commands';
import { parseLines, readLines, ROOT, temporaryFolder } from '../support/program';

const folder = temporaryFolder();
afterAll(folder.remove);
const demo = (name: string): string => join(ROOT, 'scenarios', 'demo', name);

let directories = 0;
/** A run of the first so many intents, folded. */
const tradingDay = async (intents = 7, run = 'r-1'): Promise<string> => {
  const dir = folder.path(`data-${++directories}`);
  await succeeds(
    ...['runs', 'start', '--run', run, '--policy', demo('policy.yaml'), '--portfolio', demo('portfolio.json')],
    ...['--market', demo('market.json'), '--account', 'paper', '--data-dir', dir],
  );
  const lines = readFileSync(demo('intents.jsonl'), 'utf8').split('\n').slice(0, intents);
  writeFileSync(folder.path('intents.jsonl'), `${lines.join('\n')}\n`);
  await succeeds('publish', 'intents', folder.path('intents.jsonl'), '--run', run, '--data-dir', dir);
  await foldDirectory(dir);
  return dir;
};
const succeeds = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await command(...args);
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
};

let keys = 0;
const newKey = async (name = 'risk.example/gate'): Promise<string> => {
  const file = folder.path(`key-${++keys}`);
  await succeeds('checkpoint', 'keygen', '--name', name, '--out', file);
  return file;
};
const publish = (dir: string, key: string, ...flags: readonly string[]) =>
  command('checkpoint', 'publish', '--key', key, '--data-dir', dir, ...flags);
const verify = (dir: string, key: string, ...flags: readonly string[]) =>
  command('checkpoint', 'verify', '--public-key', `${key}.pub`, '--data-dir', dir, ...flags);
const tail = async (dir: string, topic: string) => parseLines(await succeeds('tail', topic, '--data-dir', dir));

describe('a key', () => {
  it('is for its owner alone, is never overwritten, and is shown nowhere', async () => {
    const file = folder.path('owned.key');
    const stdout = await succeeds('checkpoint', 'keygen', '--name', 'risk.example/gate', '--out', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(file, 'utf8');
    const [, , line = ''] = secret.split('\n');
    expect(line).toHaveLength(64);
    expect(stdout).not.toContain(line);
    expect(stdout).toMatch(/^risk\.example\/gate\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/m);
    expect(readFileSync(`${file}.pub`, 'utf8')).toMatch(/^Name: risk\.example\/gate\n-----BEGIN PUBLIC KEY-----\n/);

    expect(await command('checkpoint', 'keygen', '--name', 'other', '--out', file)).toMatchObject({
      code: 2,
      stderr: `Error: ${file}.pub: exists, and a key is never overwritten; choose another --out\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe(secret);
    writeFileSync(folder.path('taken'), 'x');
    expect(await command('checkpoint', 'keygen', '--name', 'a', '--out', folder.path('taken'))).toMatchObject({ code: 2 });
    expect(readFileSync(folder.path('taken'), 'utf8')).toBe('x');
  });

  it.each([
    ['a name with a space', ['--name', 'a b', '--out', 'x'], /^Error: --name: expected 1 to 128 of/],
    ['a folder that is not there', ['--name', 'a', '--out', '/nowhere/at/all/key'], /cannot be written \(ENOENT\)/],
  ])('is refused: %s', async (_, flags, line) => {
    const { code, stderr } = await command('checkpoint', 'keygen', ...flags);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(line) });
  });

  it('that is none is named by its flag, without its path or what is in it', async () => {
    const dir = await tradingDay();
    const wrong = folder.path('hunter2');
    writeFileSync(wrong, 'Name: a\nhunter2\n');
    for (const file of [wrong, folder.path('hunter2-missing')]) {
      const { code, stderr } = await publish(dir, file);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^Error: --key: .*\n$/);
      expect(stderr).not.toContain('hunter2');
    }
    expect((await command('checkpoint', 'publish', '--data-dir', dir)).stderr).toMatch(/^Error: which key to sign with\?/);
  });
});

describe('a day that is signed', () => {
  let dir: string;
  let key: string;
  let file: string;
  beforeAll(async () => {
    [dir, key, file] = [await tradingDay(), await newKey(), folder.path('day.jsonl')];
    expect(await publish(dir, key, '--out', file)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^shard 0: 9 audit records signed at \S+\n$/),
    });
  });

  it('is on the topic and in the file, and verifies', async () => {
    const [record, ...more] = await tail(dir, 'audit-checkpoints');
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      key: 'risk.example/gate/0',
      value: { tree_size: 9, audit_offset: 9, origin: 'risk.example/gate/0' },
    });
    expect(readLines(file)).toEqual([record?.value]);
    expect(await verify(dir, key, '--file', file)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Every signature holds, and every root follows from the records.'),
    });
    const { stdout } = await verify(dir, key, '--json');
    expect(stdout).toMatch(/^.*\n$/);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      shards: [{ records: 9, checkpoints: 1, last: { tree_size: 9 } }],
      faults: [],
    });
  });

  it('has nothing more to sign, and mends a file that lacks the last', async () => {
    expect(await publish(dir, key, '--recheck')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to sign') });
    const torn = folder.path('torn.jsonl');
    writeFileSync(torn, readFileSync(file, 'utf8').slice(0, 50));
    await publish(dir, key, '--out', torn);
    expect(readLines(torn)).toEqual(readLines(file));
    // Whole but for its line feed it is kept; cut anywhere behind whole lines, it is made again.
    const whole = readFileSync(file, 'utf8');
    for (const text of [whole.trimEnd(), whole + whole.slice(0, 3), whole + whole.slice(0, -40)]) {
      writeFileSync(torn, text);
      expect(await publish(dir, key, '--out', torn)).toMatchObject({ code: 0 });
      expect(readFileSync(torn, 'utf8')).toBe(whole);
    }
  });

  it.each([
    ['text without a line feed', 'my only copy'],
    ['a long text without a line feed', 'x'.repeat(200_000)],
    ['JSON that only begins alike', '{"audit_offset":{"a":1}'],
    ['a brace', '{'],
    ['lines and text', '{"a":1}\nand more'],
  ])('leaves a file of somebody else as it is: %s', async (_, text) => {
    const foreign = folder.path('foreign');
    writeFileSync(foreign, text);
    const unsigned = await tradingDay(1);
    expect(await publish(unsigned, key, '--out', foreign)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Error: .*foreign.*: expected a checkpoint on each line, .*; choose another file\n$/),
    });
    expect(readFileSync(foreign, 'utf8')).toBe(text);
    expect(await tail(unsigned, 'audit-checkpoints')).toEqual([]);
  });

  it('is not contradicted by a second history under its name', async () => {
    for (const [intents, run] of [
      [4, 'r-1'],
      [7, 'r-2'],
      [6, 'r-1'],
    ] as const) {
      const before = readFileSync(file, 'utf8');
      const other = await tradingDay(intents, run);
      const { code, stderr } = await publish(other, key, '--out', file);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/^Error: .*day\.jsonl:1: .* of shard 0 .*nothing is signed.*\n$/),
      });
      expect(readFileSync(file, 'utf8')).toBe(before);
      expect(await tail(other, 'audit-checkpoints')).toEqual([]);
    }
  });

  it('needs a regular file, and --follow for what counts while it follows', async () => {
    const pipe = folder.path('pipe');
    execFileSync('mkfifo', [pipe]);
    for (const out of [pipe, '/dev/null', folder.path('.')])
      expect(await publish(dir, key, '--out', out)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^Error: .*: is no regular file; .*\n$/),
      });
    for (const flag of ['--every', '--interval'])
      expect(await publish(dir, key, flag, '5')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(`^Error: ${flag}: needs --follow; .*\n$`),
      });
  });

  it('ends on a signal while it has not started yet', async () => {
    const pipe = folder.path('key-pipe');
    execFileSync('mkfifo', [pipe]);
    const program = ['-r', 'esbuild-register', join(ROOT, 'src/apps/cli/policygate.ts')];
    const child = spawn(process.execPath, [...program, 'checkpoint', 'publish', '--key', pipe, '--data-dir', dir], { cwd: ROOT });
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    const writer = await open(pipe, 'w'); // opens when the program reads its key
    child.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    await writer.close();
  }, 30_000);

  it('is not verified by another key, and not signed on by one', async () => {
    const other = await newKey();
    for (const flags of [[], ['--file', file]])
      expect(await verify(dir, other, ...flags)).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(
          /^Error: --public-key: not the key of this log: audit-checkpoints\/0@0: signed by risk\.example\/gate \(key [0-9a-f]{8}\); expected .*\n$/,
        ),
      });
    // Where one of them is of the key, the others are faults.
    const [elsewhere, mixed] = [await tradingDay(2), folder.path('mixed.jsonl')];
    await publish(elsewhere, other, '--out', mixed);
    const { code, stdout } = await verify(dir, key, '--file', mixed);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAULT .*mixed\.jsonl:1: signed by risk\.example\/gate \(key [0-9a-f]{8}\); expected/);
    expect(await publish(dir, key, '--out', mixed)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mixed.jsonl:1: signed by'),
    });
    expect(await publish(dir, other)).toMatchObject({ code: 2, stderr: expect.stringContaining('use the key of this log') });
    expect(await tail(dir, 'audit-checkpoints')).toHaveLength(1);
  });

  it('shows a file whose readable part was changed, or that is none', async () => {
    const changed = folder.path('changed.jsonl');
    writeFileSync(changed, readFileSync(file, 'utf8').replace('"tree_size":9', '"tree_size":8'));
    expect((await verify(dir, key, '--file', changed)).stdout).toMatch(
      /FAULT .*changed\.jsonl:1: `tree_size` is not what the note says/,
    );
    const none = folder.path('none.txt');
    writeFileSync(none, 'some text\n');
    expect(await publish(dir, key, '--out', none)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none.txt:1: expected a checkpoint'),
    });
    expect(readFileSync(none, 'utf8')).toBe('some text\n');
  });

  it('shows that a directory was set back to before the checkpoint', async () => {
    const earlier = await tradingDay(4);
    const { code, stdout } = await verify(earlier, key, '--file', file, '--json');
    expect(code).toBe(1);
    const { faults } = JSON.parse(stdout) as { faults: { where: string; what: string }[] };
    expect(faults.map(({ where }) => where)).toEqual([`${file}:1`, `${file}:1`]);
    expect(faults[0]?.what).toContain('audit-checkpoints has no such checkpoint');
    expect(faults[1]?.what).toBe('signed over 9 records of audit-records/0, which has 5: it was truncated, or is another log');
  });

  it('proves a decision to somebody who has the evidence and the public key, and nothing else', async () => {
    const evidence = folder.path('demo-05.json');
    const prove = ['prove', '--run', 'r-1', '--public-key', `${key}.pub`, '--data-dir', dir];
    const written = await succeeds(...prove, '--intent', 'demo-05', '--out', evidence);
    expect(written).toContain(`Written to ${evidence}`);
    expect(statSync(evidence).size).toBeLessThan(8_192);
    const shown = await succeeds('verify', '--evidence', evidence, '--public-key', `${key}.pub`);
    expect(shown).toMatch(/^Proven: /);
    expect(shown).toContain('buy 10 NVDA (equity), market; intent demo-05 of strategy mean_reversion_v1, account paper');
    expect(shown).toContain('DENY: no order');
    expect(shown).toContain('EXP-001: Position 0.1125 breaches limit 0.1000.');
    expect(JSON.parse(await succeeds('verify', '--evidence', evidence, '--public-key', `${key}.pub`, '--json'))).toMatchObject({
      proven: true,
      decision: 'DENY',
      rules: ['EXP-001'],
    });
    // Nothing is overwritten; on standard output it is the same.
    expect(await command(...prove, '--intent', 'demo-05', '--out', evidence)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists; choose another --out'),
    });
    expect(await succeeds(...prove, '--intent', 'demo-05')).toBe(readFileSync(evidence, 'utf8'));

    const forged = folder.path('forged.json');
    writeFileSync(forged, readFileSync(evidence, 'utf8').replaceAll('DENY', 'ALLOW'));
    expect(await command('verify', '--evidence', forged, '--public-key', `${key}.pub`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('what is shown is not what the signed bytes say'),
    });
    const other = await newKey();
    expect(await command('verify', '--evidence', evidence, '--public-key', `${other}.pub`)).toMatchObject({ code: 1 });
  });

  it.each([
    ['--evidence without a key', ['verify', '--evidence', 'x'], /--evidence: which key is it signed with\? give --public-key/],
    ['--evidence with a log', ['verify', '--evidence', 'x', '--public-key', 'y', '--data-dir', 'z'], /--evidence stands alone/],
    ['evidence that is none', ['verify', '--evidence', demo('policy.yaml'), '--public-key', 'KEY'], /policy\.yaml: .*expected/],
    [
      'no such intent',
      ['prove', '--run', 'r-1', '--intent', 'nobody', '--public-key', 'KEY', '--data-dir', 'DIR'],
      /no decision on intent `nobody` of run `r-1` in audit-records\/0 \(9 records\)/,
    ],
    [
      'a private key in place of the public one',
      ['prove', '--run', 'r-1', '--intent', 'demo-05', '--public-key', 'PRIVATE', '--data-dir', 'DIR'],
      /expected a public key, found a private one/,
    ],
  ])('says in one line what cannot be done: %s', async (_, args, line) => {
    const { code, stderr } = await command(...args.map((arg) => ({ KEY: `${key}.pub`, PRIVATE: key, DIR: dir })[arg] ?? arg));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(line) });
    expect(stderr.trim()).not.toContain('\n');
  });
});

it('a checkpoint that was published without the file is no fault, and is in it after the next', async () => {
  const [dir, key, file] = [await tradingDay(2), await newKey(), folder.path('late.jsonl')];
  const more = async (intent: number): Promise<void> => {
    const lines = readFileSync(demo('intents.jsonl'), 'utf8')
      .split('\n')
      .slice(intent, intent + 1);
    writeFileSync(folder.path('intents.jsonl'), `${lines.join('\n')}\n`);
    await succeeds('publish', 'intents', folder.path('intents.jsonl'), '--run', 'r-1', '--data-dir', dir);
    await foldDirectory(dir);
  };
  await publish(dir, key, '--out', file);
  for (const intent of [2, 3]) {
    await more(intent);
    await publish(dir, key);
  }
  const { code, stdout } = await verify(dir, key, '--file', file);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^WARNING audit-checkpoints\/0@1: over \d records; the file has no such checkpoint$/m);
  expect(stdout).toMatch(/^WARNING audit-checkpoints\/0@2: /m);
  const empty = folder.path('empty.jsonl');
  writeFileSync(empty, '');
  expect(JSON.parse((await verify(dir, key, '--file', empty, '--json')).stdout)).toMatchObject({
    ok: true,
    faults: [],
    warnings: [{ where: empty, what: 'holds no checkpoint yet' }],
  });
  await more(4);
  await publish(dir, key, '--out', file);
  expect(readLines(file)).toEqual((await tail(dir, 'audit-checkpoints')).map(({ value }) => value));
  const after = await verify(dir, key, '--file', file);
  expect({ code: after.code, warned: after.stdout.includes('WARNING') }).toEqual({ code: 0, warned: false });
});

it('asks for a checkpoint where a decision has none yet', async () => {
  const [dir, key] = [await tradingDay(), await newKey()];
  expect(await command('prove', '--run', 'r-1', '--intent', 'demo-01', '--public-key', `${key}.pub`, '--data-dir', dir)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'Error: record 1 of audit-records/0 is covered by no checkpoint yet; publish one: `policygate checkpoint publish`\n',
  });
  expect(await verify(dir, key)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('There are no checkpoints: nothing is signed.'),
  });
});

it('a processor signs what it folds, by its settings', async () => {
  const [dir, key] = [folder.path('served'), await newKey()];
  cpSync(await tradingDay(), dir, { recursive: true });
  const settings = folder.path('settings.yaml');
  writeFileSync(settings, `checkpoints:\n  key_file: ${key}\n  every_records: 3\n  file: served.jsonl\n`);
  const { code, stderr } = await command('processor', '--data-dir', dir, '--config', settings, '--drain');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('; checkpoints are signed as risk.example/gate') });
  const file = folder.path('served.jsonl');
  expect(readLines(file).map(({ tree_size }) => tree_size)).toEqual([3, 6, 9]);
  expect(await verify(dir, key, '--file', file)).toMatchObject({ code: 0 });
});

describe('a data directory of version 0.4.0, which knew no checkpoints', () => {
  it('opens, reads as before, goes on, and takes checkpoints', async () => {
    const dir = folder.path('older');
    cpSync(join(ROOT, 'test/golden/directories/0.4.0'), dir, { recursive: true });
    const counts = async (): Promise<Readonly<Record<string, number>>> => {
      const { bus } = await openSession(dir);
      const found: Record<string, number> = {};
      for (const topic of TOPICS) {
        let records = 0;
        for await (const { offset } of recordsTo(bus, { topic, partition: 0, offset: 0 })) records = offset + 1;
        found[topic] = records;
      }
      await bus.close();
      return found;
    };
    expect(await counts()).toMatchObject({ 'order-intents': 7, decisions: 7, 'audit-records': 19, 'audit-checkpoints': 0 });
    const key = await newKey();
    expect(await publish(dir, key)).toMatchObject({ code: 0 });
    const more = folder.path('more.jsonl');
    const [intent = ''] = readFileSync(demo('intents.jsonl'), 'utf8').split('\n');
    appendFileSync(more, `${intent.replace('demo-01', 'later-01')}\n`);
    await succeeds('publish', 'intents', more, '--run', 'r-1', '--data-dir', dir);
    await foldDirectory(dir);
    expect(await publish(dir, key)).toMatchObject({ code: 0 });
    expect(await counts()).toMatchObject({ 'audit-records': 20, 'audit-checkpoints': 2 });
    expect(await verify(dir, key)).toMatchObject({ code: 0 });
    const ids = new Set((await rawAudits(dir)).map((value) => Buffer.from(value ?? []).readUInt32BE(1)));
    expect([...ids]).toEqual([6]); // the schema ids of before stay what they were
  });
});

const rawAudits = async (dir: string): Promise<readonly (Uint8Array | null)[]> => {
  const { bus } = await openSession(dir);
  const values: (Uint8Array | null)[] = [];
  for await (const { value } of recordsTo(bus, { topic: AUDIT_RECORDS, partition: 0, offset: 0 })) values.push(value);
  await bus.close();
  return values;
};
