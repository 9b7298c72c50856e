/** What an operator does about dead letters, and what the auditor's commands say of the log after it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { schemaText } from '../src/contracts/avro/schemas';
import { DEAD_LETTERS, ORDER_INTENTS } from '../src/contracts/topics';
import { openSession } from '../src/apps/session';
import { command, foldDirectory } from './support/commands';
import { parseLines, ROOT, temporaryFolder } from './support/program';

const folder = temporaryFolder();
afterAll(folder.remove);

type Shown = ReturnType<typeof JSON.parse>;

const demo = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
const signed = ['--actor', 'alice', '--reason', 'incident 12'] as const;
const on = (dir: string, ...args: readonly string[]) => command(...args, '--data-dir', dir);
const startRun = async (dir: string, run: string): Promise<void> => {
  const { code } = await on(
    dir,
    ...['runs', 'start', '--run', run, '--policy', demo('policy.yaml'), '--portfolio', demo('portfolio.json')],
    ...['--market', demo('market.json'), '--account', 'paper', '--at', '2026-02-24T09:30:00Z'],
  );
  expect(code).toBe(0);
};
const tail = async (dir: string, topic: string, ...flags: readonly string[]): Promise<Shown[]> => {
  const { code, stdout, stderr } = await on(dir, 'tail', topic, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return parseLines(stdout) as Shown[];
};
const letters = async (dir: string, ...flags: readonly string[]): Promise<Shown[]> => {
  const { code, stdout, stderr } = await on(dir, 'dlq', 'list', '--json', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout === '' ? [] : (parseLines(stdout) as Shown[]);
};
const shown = async (dir: string, place: string): Promise<Shown> => {
  const { code, stdout } = await on(dir, 'dlq', 'show', place, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};
const replays = async (dir: string): Promise<void> => {
  const replay = await on(dir, 'replay');
  expect({ code: replay.code, stdout: replay.stdout }).toMatchObject({ code: 0 });
  expect((await on(dir, 'verify')).code).toBe(0);
};
const firstIntent = (): Shown => JSON.parse(readFileSync(demo('intents.jsonl'), 'utf8').split('\n')[0]!);

/** So many intents of an unknown run are remembered. */
const MOST = 1_000;
const id = (at: number): string => `early-${at}`;
/** Intents of a run that nobody has started, three more than are remembered. */
const overflow = async (dir: string, run: string): Promise<void> => {
  const lines = Array.from({ length: MOST + 3 }, (_, at) => JSON.stringify({ ...firstIntent(), intent_id: id(at) }));
  writeFileSync(folder.path('early.jsonl'), `${lines.join('\n')}\n`);
  expect((await on(dir, 'publish', 'intents', folder.path('early.jsonl'), '--run', run)).code).toBe(0);
  await foldDirectory(dir);
};

describe('intents of a run that nobody had started, more than are remembered', () => {
  const dir = folder.path('overflow');
  beforeAll(() => overflow(dir, 'r-9'));

  it('are listed, by topic, reason and time', async () => {
    const all = await letters(dir);
    expect(all.map(({ letter, input, status }) => [letter, input, status])).toEqual(
      [0, 1, 2].map((offset) => [`0/${offset}`, { topic: ORDER_INTENTS, partition: 0, offset: MOST + offset }, 'open']),
    );
    expect(all[0].reason).toContain('never started');
    expect(await letters(dir, '--topic', 'market-prices')).toEqual([]);
    expect(await letters(dir, '--topic', 'order-intents', '--reason-contains', '`r-9`')).toHaveLength(3);
    expect(await letters(dir, '--reason-contains', 'UNKNOWN_SCHEMA_ID')).toEqual([]);
    expect(await letters(dir, '--since', firstIntent().timestamp)).toHaveLength(3);
    expect(await letters(dir, '--since', '2099-01-01T00:00:00Z')).toEqual([]);
    const { stdout } = await on(dir, 'dlq', 'list');
    expect(stdout).toMatch(/^letter +input +time +key +reason +dealt with\n/);
    expect(stdout).toContain('0/2     order-intents/0@1002');
  });

  it('are shown with all that they hold, and a retry is refused while it would fail again', async () => {
    expect(await shown(dir, '0/1')).toMatchObject({
      letter: '0/1',
      status: 'open',
      key: 'r-9',
      fault: null,
      headers: { topic: ORDER_INTENTS, offset: String(MOST + 1) },
      value: { intent_id: id(MOST + 1) },
      retry: { against: expect.stringContaining('set aside again'), would: expect.stringContaining('never started') },
    });
    const { code, stdout, stderr } = await on(dir, 'dlq', 'retry', '0/1', ...signed);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^dead letter 0\/1: it would be set aside again: [^\n]*--force[^\n]*\n$/);
    expect(await tail(dir, DEAD_LETTERS)).toHaveLength(3);
    expect(await tail(dir, ORDER_INTENTS, '--intent', id(MOST + 1))).toHaveLength(1);
  });

  it('one that is retried all the same is set aside again, as a letter of its own', async () => {
    const { code, stdout } = await on(
      dir,
      'dlq',
      'retry',
      '0/2',
      '--force',
      '--json',
      '--at',
      firstIntent().timestamp,
      ...signed,
    );
    const done = JSON.parse(stdout);
    expect({ code, done }).toEqual({
      code: 0,
      done: { done: true, input: { topic: ORDER_INTENTS, partition: 0, offset: MOST + 3 }, letter: '0/2', word: '0/3' },
    });
    expect((await shown(dir, '0/2')).dealt_with[0].outcome).toBe('no processor has read it yet');
    await foldDirectory(dir);
    expect((await letters(dir)).map(({ letter }) => letter)).toEqual(['0/0', '0/1', '0/4']);
    expect((await letters(dir, '--all'))[2]).toMatchObject({
      letter: '0/2',
      status: 'retried',
      dealt_with: [{ by: 'retry', actor: 'alice', reason: 'incident 12', input: { offset: MOST + 3 }, set_aside_again: '0/4' }],
    });
    await replays(dir);
  });

  it('is decided exactly once when the run is there', async () => {
    await startRun(dir, 'r-9');
    await foldDirectory(dir);
    expect((await shown(dir, '0/0')).retry).toEqual({
      against: null,
      would: expect.stringContaining('DECISION ALLOW of run r-9'),
    });
    const retried = await on(dir, 'dlq', 'retry', '0/0', '--at', firstIntent().timestamp, ...signed);
    expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining(`published again: order-intents/0@${MOST + 4}`) });
    await foldDirectory(dir);
    const decided = async () => (await tail(dir, 'decisions', '--intent', id(MOST))).map(({ value }) => value.decision);
    expect(await decided()).toEqual(['ALLOW']);

    const [first, second] = await tail(dir, ORDER_INTENTS, '--intent', id(MOST));
    expect({ ...second, offset: first.offset, timestamp: first.timestamp }).toEqual({
      ...first,
      headers: { retried_from: '0/0', actor: 'alice', reason: 'incident 12', recorded_at: expect.any(String) },
    });
    expect((await shown(dir, '0/0')).dealt_with[0].outcome).toMatch(/^DECISION ALLOW of run r-9 \(seq \d+\)$/);

    const twice = await on(dir, 'dlq', 'retry', '0/0', ...signed);
    expect({ code: twice.code, stderr: twice.stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^dead letter 0\/0 was retried by alice at [^\n]*; --again [^\n]*\n$/),
    });
    expect((await on(dir, 'dlq', 'retry', '0/0', '--again', ...signed)).code).toBe(0);
    await foldDirectory(dir);
    expect(await decided()).toEqual(['ALLOW']);
    expect((await shown(dir, '0/0')).dealt_with.map(({ outcome }: Shown) => outcome.split(' ')[0])).toEqual([
      'DECISION',
      'DUPLICATE',
    ]);
    await replays(dir);
  });

  it('is dropped by a word, once, and stays where it is', async () => {
    const before = await tail(dir, DEAD_LETTERS);
    const { code, stdout } = await on(dir, 'dlq', 'drop', '0/1', ...signed);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Dead letter 0\/1 is dropped/) });
    const after = await tail(dir, DEAD_LETTERS);
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)).toMatchObject({
      key: 'r-9',
      headers: { dealt_with: 'drop', letter: '0/1', topic: ORDER_INTENTS, actor: 'alice', reason: 'incident 12' },
      value_base64: null,
    });
    expect(await on(dir, 'dlq', 'drop', '0/1', ...signed)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was dropped by alice'),
    });
    expect((await on(dir, 'dlq', 'retry', '0/1', ...signed)).code).toBe(1);
    expect((await letters(dir)).map(({ letter }) => letter)).toEqual(['0/4']);
  });

  it('and all of it is there after an export and an import', async () => {
    const [out, copy] = [folder.path('export'), folder.path('copy')];
    expect((await on(dir, 'export', '--out', out)).code).toBe(0);
    expect((await command('import', '--from', out, '--data-dir', copy)).code).toBe(0);
    expect(await letters(copy, '--all')).toEqual(await letters(dir, '--all'));
    expect(await shown(copy, '0/0')).toEqual(await shown(dir, '0/0'));
    await replays(copy);
    // Of one run: the words on its letters go with it.
    const ofRun = folder.path('export-of-run');
    expect((await on(dir, 'export', '--out', ofRun, '--run', 'r-9', '--topics', 'dead-letters', '--json')).stdout).toContain(
      `"records":${(await tail(dir, DEAD_LETTERS)).length}`,
    );
  });
});

describe('an input of a schema that was registered too late', () => {
  it('is decided when it is retried, and the log replays', async () => {
    const dir = folder.path('schema');
    await startRun(dir, 'r-1');
    const intents = folder.path('one.jsonl');
    writeFileSync(intents, `${JSON.stringify(firstIntent())}\n`);
    const scratch = folder.path('scratch');
    await on(scratch, 'publish', 'intents', intents, '--run', 'r-1');
    const [written] = await tail(scratch, ORDER_INTENTS);
    expect(written.value.intent_id).toBe(firstIntent().intent_id);

    const session = await openSession(scratch);
    const reader = await session.bus.reader([{ topic: ORDER_INTENTS, partition: 0, offset: 0 }]);
    const [record] = await reader.poll({ maxRecords: 1, maxWaitMs: 0 });
    await session.bus.close();
    const bus = await openEmbeddedBus({ directory: dir });
    const value = Buffer.from(record!.value!);
    value.writeUInt32BE(4_711, 1);
    await (await bus.writer('early')).commit([{ ...record!, value }]);
    await bus.close();
    await foldDirectory(dir);

    expect(await shown(dir, '0/0')).toMatchObject({
      value: null,
      fault: expect.stringContaining('UNKNOWN_SCHEMA_ID'),
      value_base64: value.toString('base64'),
      retry: { against: expect.stringContaining('UNKNOWN_SCHEMA_ID') },
    });
    const { stdout } = await on(dir, 'dlq', 'show', '0/0');
    expect(stdout).toContain(`\n             ${value.toString('hex').slice(0, 32)}\n`);
    expect(stdout).toContain('decoded      UNKNOWN_SCHEMA_ID');
    expect((await on(dir, 'dlq', 'retry', '0/0', ...signed)).code).toBe(1);

    const store = await openEmbeddedBus({ directory: dir });
    await store.schemas.put(4_711, schemaText('OrderIntent'));
    await store.close();
    expect((await on(dir, 'dlq', 'retry', '0/0', '--at', firstIntent().timestamp, ...signed)).code).toBe(0);
    await foldDirectory(dir);
    expect((await tail(dir, 'decisions')).map(({ value: { intent_id } }) => intent_id)).toEqual([firstIntent().intent_id]);
    expect(await letters(dir)).toEqual([]);
    await replays(dir);
  });
});

describe('what cannot be done', () => {
  const dir = folder.path('none');
  beforeAll(() => startRun(dir, 'r-1'));

  it.each([
    [['show', '0/0'], 1, 'there is no dead letter 0/0'],
    [['show', '7/0'], 1, 'there is no dead letter 7/0'],
    [['retry', '0/0', ...signed], 1, 'there is no dead letter 0/0'],
    [['drop', '9/0', ...signed], 1, 'there is no dead letter 9/0'],
    [['show', '17'], 2, '17: expected partition and offset'],
    [['retry', '0/0', '--reason', 'x'], 2, '--actor is missing'],
    [['drop', '0/0', '--actor', 'alice', '--reason', ' '], 2, '--reason is missing'],
    [['retry', '0/0', '--at', 'noon', ...signed], 2, '--at noon: expected RFC 3339'],
    [['list', '--since', 'noon'], 2, '--since noon: expected RFC 3339'],
    [['list', '--topic', 'order-intent'], 2, 'did you mean `order-intents`'],
    [['list', '--topic', 'decisions'], 2, 'no topic of inputs'],
  ])('%j', async (args, code, said) => {
    const { stdout, stderr, ...outcome } = await on(dir, 'dlq', ...args);
    expect(outcome).toEqual({ code });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(said);
  });

  it('where there is no directory, none is made', async () => {
    const { code, stderr } = await command('dlq', 'list', '--data-dir', folder.path('not-there'));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('there is no data directory') });
  });

  it.each(['list', 'show', 'retry', 'drop'])('dlq %s --help has examples', async (name) =>
    expect((await command('dlq', name, '--help')).stdout).toMatch(new RegExp(`\nExamples:\n  policygate dlq ${name} `)),
  );
});

describe('docs/commands.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'commands.md'), 'utf8');
  const [, block = ''] = /^```sh dlq\n([^]*?)^```$/m.exec(page) ?? [];

  it('has examples that work, one after the other, and shows what they print', async () => {
    const dir = folder.path('page');
    await overflow(dir, 'r-1');
    expect(page).toContain((await on(dir, 'dlq', 'list')).stdout.split('\n').slice(0, 3).join('\n    '));
    await startRun(dir, 'r-1');
    await foldDirectory(dir);
    const lines = block.trim().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      const { code, stderr } = await command(...words.slice(1).map((word) => (word === './data' ? dir : word)));
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' });
    }
    expect((await letters(dir, '--all')).map(({ status }) => status)).toEqual(['retried', 'dropped', 'open']);
  });
});
