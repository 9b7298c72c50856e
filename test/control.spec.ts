/** What the risk desk does to runs, and what it is answered. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../src/apps/config/settings';
import { sendControl } from '../src/apps/publishing/controlCommand';
import type { ControlFlags, ControlSend } from '../src/apps/publishing/controlCommand';
import { currentState } from '../src/apps/records/currentState';
import type { OpenBus } from '../src/apps/records/onBus';
import { Codec } from '../src/contracts/avro/codec';
import { freshSchemas } from '../src/contracts/avro/localRegistry';
import { openMemoryBus } from '../src/bus/memory/memoryBus';
import type { ControlPayload } from '../src/contracts/messages';
import { AUDIT_RECORDS, partitionOf } from '../src/contracts/topics';
import { recordsTo } from '../src/processor/readTo';
import { command, foldDirectory, processorOf } from './support/commands';
import { parseLines, ROOT, temporaryFolder } from './support/program';
import { policyText, START } from './support/shard';
import { portfolioOf } from './support/situations';

const folder = temporaryFolder();
afterAll(folder.remove);
const demo = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
const written = (name: string, text: string): string => {
  writeFileSync(folder.path(name), text);
  return folder.path(name);
};

describe('on a data directory', () => {
  const dir = folder.path('data');
  const onDirectory = (...args: readonly string[]) => command(...args, '--data-dir', dir);
  const signed = ['--actor', 'alice', '--reason', 'a test'] as const;
  const startOf = (run: string): readonly string[] => [
    ...['runs', 'start', '--run', run, '--policy', demo('policy.yaml'), '--portfolio', demo('portfolio.json')],
    ...['--market', demo('market.json'), '--account', 'paper'],
  ];
  const start = (run: string) => onDirectory(...startOf(run));
  const decisionsOf = async (run: string) =>
    parseLines((await onDirectory('tail', 'decisions', '--run', run)).stdout).map(
      ({ value }) => value as Record<string, unknown>,
    );

  it('a run begins with its policy, portfolio and prices, once a processor reads it', async () => {
    const { code, stdout, stderr } = await start('r-1');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'RunStarted is on the log: control-events/0, offset 0\n' });
    expect(stderr).toContain('takes effect when the next processor on it runs');
    expect((await onDirectory('runs', 'list', '--json')).stdout).toBe('[]\n');
    await foldDirectory(dir);
    const [run] = JSON.parse((await onDirectory('runs', 'list', '--json')).stdout) as Record<string, unknown>[];
    expect(run).toMatchObject({
      run_id: 'r-1',
      shard: 0,
      status: 'ACTIVE',
      account_id: 'paper',
      kill_switch_active: false,
      next_seq: 1,
      clock: '2026-02-24T09:30:00Z',
      policy_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const table = (await onDirectory('runs', 'list')).stdout;
    expect(table).toMatch(/^run +shard +status +policy +kill switch +records +clock\n/);
    expect(table).toMatch(/\nr-1 +0 +ACTIVE +[0-9a-f]{12} +off +1 +2026-02-24T09:30:00Z\n$/);
  });

  it('another policy, a trip and a reset each decide from their point of the stream on', async () => {
    const lines = readFileSync(demo('intents.jsonl'), 'utf8').trimEnd().split('\n');
    const publish = (index: number) => onDirectory('publish', 'intents', written('one.jsonl', lines[index]!), '--run', 'r-1');
    const tight = written(
      'tight.yaml',
      readFileSync(demo('policy.yaml'), 'utf8').replace('max_position_pct: 0.10', 'max_position_pct: 0.01'),
    );
    const at = (seconds: number) => ['--at', new Date(Date.parse('2026-02-24T09:30:00Z') + seconds * 1_000).toISOString()];
    await publish(0); // 4 % of equity
    await foldDirectory(dir);
    expect((await onDirectory('policy', 'activate', tight, ...signed, ...at(2))).code).toBe(0);
    await foldDirectory(dir);
    await publish(1); // 6 %
    await foldDirectory(dir);
    expect((await onDirectory('kill-switch', 'trip', '--all', ...signed, ...at(9))).code).toBe(0);
    await foldDirectory(dir);
    expect((await onDirectory('kill-switch', 'status')).stdout).toMatch(/every run +0 +ACTIVE\nr-1 +0 +ACTIVE +ACTIVE\n/);
    await publish(3);
    await foldDirectory(dir);
    expect((await onDirectory('kill-switch', 'reset', '--run', 'r-1', ...signed, ...at(63))).code).toBe(0);
    await foldDirectory(dir);
    await publish(6);
    await foldDirectory(dir);
    const rules = ({ violations }: Record<string, unknown>) =>
      (violations as { rule_id: string }[]).map(({ rule_id }) => rule_id);
    expect((await decisionsOf('r-1')).map((value) => [value.decision, rules(value)])).toEqual([
      ['ALLOW', []],
      ['MODIFY', ['EXP-001']],
      ['DENY', expect.arrayContaining(['KILL-001'])],
      ['DENY', ['EXP-001']],
    ]);
    const status = JSON.parse((await onDirectory('kill-switch', 'status', '--run', 'r-1', '--json')).stdout) as unknown;
    expect(status).toEqual({
      runs: [{ run_id: 'r-1', shard: 0, status: 'ACTIVE', kill_switch_active: false }],
      shards: [{ shard: 0, kill_switch_active: true }],
    });
  });

  it('a run ends, and what comes after is denied', async () => {
    expect((await onDirectory('runs', 'end', '--run', 'r-1', ...signed)).code).toBe(0);
    await foldDirectory(dir);
    expect((await onDirectory('runs', 'list')).stdout).toContain('ENDED');
  });

  const invalid = written('invalid.yaml', 'version: "0.2"\n');
  it.each([
    [['policy', 'activate', invalid, ...signed], 'nothing was published'],
    [['policy', 'activate', demo('policy.yaml'), '--actor', 'alice'], '--reason is missing'],
    [['kill-switch', 'trip', '--all', '--actor', ' ', '--reason', 'x'], '--actor is missing'],
    [['kill-switch', 'trip', ...signed], 'either --run with the id of a run, or --all'],
    [['kill-switch', 'reset', '--run', 'r-1', '--all', ...signed], 'either --run'],
    [['kill-switch', 'status', '--run', 'r-9'], 'no processor knows a run `r-9`'],
    [['runs', 'start', '--run', 'r-1'], '--policy is missing'],
    [['runs', 'start', '--run', '*', '--policy', 'x'], 'stands for every run'],
    [['runs', 'end', ...signed], '--run is missing'],
    [['runs', 'roll', ...signed], 'either --run with the id of a run, or --all'],
    [['runs', 'roll', '--all', '--actor', 'alice'], '--reason is missing'],
    [[...startOf('r-5'), '--equity-mode', 'market'], '--equity-mode market: expected fixed or marked'],
    [['runs', 'end', '--run', 'r-1', ...signed, '--at', 'noon'], '--at noon: expected RFC 3339'],
    [['runs', 'end', '--run', 'r-1', ...signed, '--timeout', '-1'], '--timeout -1: expected a number of seconds'],
  ])('%j: one line, and nothing on the log', async (args, said) => {
    const events = async () => (await onDirectory('tail', 'control-events')).stdout;
    const before = await events();
    const { code, stdout, stderr } = await onDirectory(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(said);
    expect(await events()).toBe(before);
  });

  it('a marked run is started, and its day rolled with that of the others', async () => {
    expect((await onDirectory(...startOf('r-3'), '--equity-mode', 'marked')).code).toBe(0);
    expect((await start('r-4')).code).toBe(0);
    await foldDirectory(dir);
    expect((await onDirectory('runs', 'roll', '--all', ...signed)).code).toBe(0);
    expect((await onDirectory('runs', 'roll', '--run', 'r-3', ...signed)).code).toBe(0);
    await foldDirectory(dir);
    const events = parseLines((await onDirectory('tail', 'control-events', '--run', 'r-3')).stdout).slice(-3);
    expect(events.map(({ value }) => value)).toMatchObject([
      { type: 'RunStarted', equity_mode: 'marked' },
      { run_id: '*', type: 'SessionRolled', actor: 'alice', reason: 'a test' },
      { run_id: 'r-3', type: 'SessionRolled' },
    ]);
    const audits = parseLines((await onDirectory('tail', 'audit-records')).stdout).map(
      ({ value }) => value as Record<string, unknown>,
    );
    const rolled = audits.filter(
      ({ control }) => (control as { payload: { type: string } } | undefined)?.payload.type === 'SessionRolled',
    );
    expect(rolled.map(({ run_id, kind }) => [run_id, kind])).toEqual([
      ['r-3', 'CONTROL'],
      ['r-4', 'CONTROL'],
      ['r-3', 'CONTROL'],
    ]);
    for (const run of ['r-3', 'r-4']) expect((await onDirectory('runs', 'end', '--run', run, ...signed)).code).toBe(0);
    await foldDirectory(dir);
  });

  it('--force puts the attempt on record, where it is refused', async () => {
    await start('r-2');
    const { code, stderr } = await onDirectory('policy', 'activate', invalid, ...signed, '--force');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Warning: .*invalid\.yaml:1:/) });
    await foldDirectory(dir);
    const [last] = parseLines((await onDirectory('tail', 'audit-records', '--run', 'r-2')).stdout).slice(-1);
    expect(last?.value).toMatchObject({ kind: 'REJECTED_INPUT', note: expect.stringContaining('the policy is invalid') });
  });
});

describe('with processors running', () => {
  const FLAGS: ControlFlags = { wait: true, timeout: '5' };
  const RUN_STARTED: ControlPayload = {
    type: 'RunStarted',
    account_id: 'a',
    policy_text: policyText(),
    portfolio: portfolioOf(),
    execution: {
      orders_last_60s_global: 0,
      orders_last_60s_by_strategy: new Map(),
      violations_last_window: [],
      kill_switch_active: false,
    },
    equity_mode: 'fixed',
  };
  const open: OpenBus = {
    bus: openMemoryBus({ shards: 2 }),
    codec: new Codec(freshSchemas()),
    // Only this is asked of them here.
    settings: { bus: 'kafka', kafka: { inputTimestamps: 'LogAppendTime' } } as Settings,
  };
  let running = true;
  let work: Promise<unknown>;
  beforeAll(async () => {
    const shards = await Promise.all([0, 1].map((partition) => processorOf(open, partition)));
    work = Promise.all(
      shards.map(async (shard) => {
        while (running) await shard.step({ maxRecords: 100, maxWaitMs: 20 });
        await shard.close();
      }),
    );
  });
  afterAll(async () => {
    running = false;
    await work;
    await open.bus.close();
  });

  const send = async (
    payload: ControlPayload,
    runId: string,
    flags: Partial<ControlFlags> = {},
    more: Partial<ControlSend> = {},
  ) => {
    let stdout = '';
    let stderr = '';
    const io = { out: (text: string) => void (stdout += text), err: (text: string) => void (stderr += text), interactive: false };
    const control = { actor: 'alice', reason: 'a test', payload };
    const nobody = { code: 1, says: 'nobody was concerned' };
    const code = await sendControl(open, { ...FLAGS, ...flags }, { runId, control, timestamp: START, nobody, ...more }, io);
    return { code, stdout, stderr };
  };
  const shardOf = (run: string) => partitionOf(Buffer.from(run), 2);

  it('nobody is concerned before there is a run', async () => {
    expect(await send({ type: 'PolicyActivated', policy_text: policyText() }, '*')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'nobody was concerned\n',
    });
  });

  it('tells at which seq a run took it, or why not', async () => {
    const runs = ['a', 'b', 'c', 'd', 'e'];
    expect(new Set(runs.map(shardOf)).size).toBe(2);
    for (const run of runs) {
      const { code, stdout } = await send(RUN_STARTED, run);
      expect(stdout).toMatch(
        new RegExp(`^run ${run}: RunStarted took effect at seq 0 \\(control-events/${shardOf(run)}, offset \\d+\\)\n$`),
      );
      expect(code).toBe(0);
    }
    const again = await send(RUN_STARTED, 'a');
    expect(again).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^run a: RunStarted was refused at seq 1 .*was started before/),
    });
  });

  it('an event for every run is answered by each, once', async () => {
    const { code, stdout } = await send({ type: 'KillSwitchTripped' }, '*', { json: true });
    expect(code).toBe(0);
    const answers = parseLines(stdout);
    expect(answers.map(({ run_id }) => run_id).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    for (const answer of answers)
      expect(answer).toMatchObject({
        taken: true,
        kind: 'KILL_SWITCH',
        type: 'KillSwitchTripped',
        partition: shardOf(String(answer.run_id)),
      });
    // The journal says the same of each.
    for (const answer of answers) {
      const partition = Number(answer.partition);
      let found = 0;
      for await (const { value } of recordsTo(open.bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
        const audit = open.codec.decodeAudit(value);
        if (!audit.ok) throw new Error(audit.error.message);
        const { run_id, seq, input, kind } = audit.value.record;
        if (run_id === answer.run_id && seq === answer.seq && kind === 'KILL_SWITCH' && input.offset === answer.offset)
          found += 1;
      }
      expect(found).toBe(1);
    }
    expect((await currentState(open.bus, open.codec)).map(({ killSwitchActive }) => killSwitchActive)).toEqual([true, true]);
  });

  it('a trip of a run that nobody started is refused', async () => {
    const { code, stdout } = await send({ type: 'KillSwitchTripped' }, 'typo');
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^run typo: KillSwitchTripped was refused .*was not started/),
    });
  });

  it('an event that is set aside as a whole is told, too', async () => {
    const { code, stdout } = await send(RUN_STARTED, '*', { json: true });
    expect(code).toBe(1);
    const answers = parseLines(stdout);
    expect(answers).toHaveLength(2);
    for (const answer of answers)
      expect(answer).toMatchObject({ taken: false, note: expect.stringContaining('needs the id of one run') });
  });

  it('many at once do not take each other’s answers', async () => {
    const answers = await Promise.all(['p', 'q', 'r', 's', 'p'].map((run) => send(RUN_STARTED, run)));
    expect(answers.map(({ code }) => code).sort()).toEqual([0, 0, 0, 0, 1]);
  });

  it('--no-wait says where the event is', async () => {
    const { code, stdout, stderr } = await send({ type: 'RunEnded' }, 'p', { wait: false, json: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ type: 'RunEnded', partition: shardOf('p'), offset: expect.any(Number) });
  });

  it('says so when nobody answers', async () => {
    running = false;
    await work;
    const sent = send({ type: 'RunEnded' }, 'a', { timeout: '0.3' });
    await expect(sent).rejects.toThrow(
      /nobody answered within 0\.3 s: is a processor running\? RunEnded is on the log \(control-events\/\d, offset \d+\)/,
    );
  });
});
