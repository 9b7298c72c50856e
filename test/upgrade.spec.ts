/**
 * An upgrade in the middle of a day: data directories as earlier versions left them (test/golden/recordDirectory.sh), with orders admitted that no gateway has
 * seen and with a kill switch that is tripped, are read, proved, traded on with by this version, and proved again.
 */
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_VERSION } from '../src/apps/session';
import { command } from './support/commands';
import { parseLines, policygate, ROOT, temporaryFolder } from './support/program';
import type { Json } from './support/program';
import { endServers, get, jsonOf, post, serving } from './support/serve';
import type { Served } from './support/serve';
import { until } from './support/services';

jest.setTimeout(60_000);

const LEFT = join(ROOT, 'test', 'golden', 'trading');
const OPEN = ['open-1', 'open-2', 'open-3'];

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(endServers);

/** As `recordDirectory.sh` makes them. */
const intentOf = (id: string, qty: number, symbol = 'AAPL'): Json => ({
  ...{ intent_id: id, timestamp: '2026-02-24T09:40:00Z', strategy_id: 'momentum_v1', account_id: 'paper' },
  ...{ instrument: { symbol, asset_class: 'equity' }, side: 'buy', order_type: 'market', qty },
});

const proved = async (directory: string): Promise<void> => {
  for (const words of [['verify'], ['replay', '--json']]) {
    const { code, stdout, stderr } = await command(...words, '--data-dir', directory);
    expect([words[0], code, code === 0 ? '' : stdout + stderr]).toEqual([words[0], 0, '']);
  }
};

const runsOf = async (directory: string): Promise<Readonly<Record<string, string>>> => {
  const { stdout } = await command('runs', 'list', '--data-dir', directory, '--json');
  const runs = JSON.parse(stdout) as readonly Json[];
  return Object.fromEntries(
    runs.map((run) => [run.run_id, `${String(run.status)}${run.kill_switch_active === true ? ', stopped' : ''}`]),
  );
};

const orderOf = async ({ url }: Served, id: string): Promise<string | undefined> => {
  const answer = await get(`${url}/decisions/desk/${id}`);
  expect([id, answer.status]).toEqual([id, 200]);
  return (jsonOf(answer).order as { readonly status?: string } | null)?.status;
};

const intend = async (
  { url }: Served,
  run: string,
  intent: Json,
): Promise<{ readonly decision: unknown; readonly replayed: boolean }> => {
  const answer = await post(`${url}/intent`, { run_id: run, intent });
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return { decision: jsonOf(answer).decision, replayed: answer.headers['policygate-replayed'] === 'true' };
};

describe.each(readdirSync(LEFT))('a data directory that version %s left in the middle of a day', (version) => {
  const directory = folder.path(version);
  beforeAll(() => cpSync(join(LEFT, version), directory, { recursive: true }));

  it('is whole, replays to the same bytes, and has its runs as they were', async () => {
    await proved(directory);
    expect(await runsOf(directory)).toEqual({
      ...{ desk: 'ACTIVE', stopped: 'ACTIVE, stopped', yesterday: 'ENDED', nobody: 'UNKNOWN' },
    });
  });

  it('trades on: what was admitted goes out, what was decided stays decided, what was stopped stays stopped until it is reset', async () => {
    const served = await serving(['--data-dir', directory, '--run', 'desk']);
    for (const id of OPEN) await until(`${id} is filled`, async () => (await orderOf(served, id)) === 'FILLED', 10_000);
    expect(await intend(served, 'desk', intentOf('done-1', 10))).toEqual({ decision: 'ALLOW', replayed: true });
    expect(await intend(served, 'desk', intentOf('open-1', 1))).toEqual({ decision: 'ALLOW', replayed: true });
    expect(await intend(served, 'desk', intentOf('done-4', 500))).toMatchObject({ replayed: true });
    expect(await intend(served, 'desk', intentOf('new-1', 1))).toEqual({ decision: 'ALLOW', replayed: false });
    expect(await intend(served, 'stopped', intentOf('new-2', 1))).toEqual({ decision: 'DENY', replayed: false });
    const reset = { action: 'reset', actor: 'alice', reason: 'the upgrade is done' };
    expect(await post(`${served.url}/runs/stopped/kill-switch`, reset)).toMatchObject({ status: 200 });
    expect(await intend(served, 'stopped', intentOf('new-3', 0.5))).toEqual({ decision: 'ALLOW', replayed: false });
    served.child.kill('SIGTERM');
    expect(await served.outcome).toMatchObject({ code: 0 });
  });

  it('goes on with a processor, too, and is whole at the end, with both versions on record', async () => {
    const file = folder.path(`${version}.jsonl`);
    writeFileSync(file, `${JSON.stringify(intentOf('new-4', 1))}\n`);
    for (const words of [
      ['publish', 'intents', file, '--run', 'desk'],
      ['processor', '--gateway', 'sim', '--drain'],
    ])
      expect(await policygate([...words, '--data-dir', directory])).toMatchObject({ code: 0 });
    await proved(directory);
    expect(await runsOf(directory)).toMatchObject({ desk: 'ACTIVE', stopped: 'ACTIVE' });
    const { stdout } = await command('tail', 'audit-records', '--data-dir', directory);
    const records = parseLines(stdout).map(({ value }) => value as Json);
    const ofDesk = records.filter(({ run_id }) => run_id === 'desk');
    expect(ofDesk.map(({ seq }) => seq)).toEqual(ofDesk.map((_, at) => at));
    expect([...new Set(ofDesk.map(({ engine_version }) => engine_version))]).toEqual([...new Set([version, ENGINE_VERSION])]);
    expect(ofDesk.filter(({ kind }) => kind === 'DECISION')).toHaveLength(9);
  });
});

it('finds a directory of the version before this one or of this one', () => {
  expect(readdirSync(LEFT).length).toBeGreaterThan(1);
});
