/** `policygate replay` on a data directory, as a user runs it. */
import { writeFileSync } from 'node:fs';
import { replayDocument, replayPage } from '../../src/apps/auditing/replayReport';
import { runProgram } from '../../src/apps/cli/program';
import { openSession } from '../../src/apps/session';
import { replayShard } from '../../src/audit/replay/replayShard';
import { DECISIONS, ORDER_INTENTS } from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { asBus, logOf } from '../checks/rawLog';
import { altered, withChange } from '../support/alteredLog';
import { temporaryFolder } from '../support/program';
import type { Json } from '../support/program';
import { writeTradingDay } from '../support/tradingDay';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const run = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
  let [out, err] = ['', ''];
  const io = { out: (text: string) => (out += text), err: (text: string) => (err += text), interactive: false };
  return {
    code: await runProgram(args, { ...io, out: (text) => void io.out(text), err: (text) => void io.err(text) }),
    out,
    err,
  };
};

const data = folder.path('data');
const replay = (...args: readonly string[]): ReturnType<typeof run> => run('replay', '--data-dir', data, ...args);
let summary: Json;
beforeAll(async () => {
  const day = writeTradingDay(folder.path);
  const { code, out } = await run('run', ...day, '--run-id', 'day', '--data-dir', data);
  expect(code).toBe(0);
  summary = JSON.parse(out) as Json;
}, 60_000);

it('says that a run folds to the same bytes, for people and for machines', async () => {
  const { code, out } = await replay();
  expect(code).toBe(0);
  expect(out).toMatch(/^shard 0: \d+ inputs folded; the same: \d+ audit records, 150 decisions, 0 dead letters; \d+ entities/);
  expect(out).toMatch(/Folded again from offset zero: the same, byte for byte\.\n$/);
  const { same, shards } = JSON.parse((await replay('--json', '--run', 'day')).out) as { same: boolean; shards: Json[] };
  expect([same, shards.length, shards[0]?.decisions, shards[0]?.difference]).toEqual([true, 1, 150, null]);
});

it('shows the run as it was at the end of its day', async () => {
  const { shards } = JSON.parse((await replay('--json')).out) as { shards: { audit_records: number }[] };
  // The last record is the end of the run, and closes its books.
  const at = String((shards[0]?.audit_records ?? 0) - 2);
  const { code, out } = await replay('--run', 'day', '--state-at', at, '--json');
  expect(code).toBe(0);
  const state = JSON.parse(out) as {
    seq: number;
    status: string;
    portfolio: { positions: Record<string, { qty: number }> };
    kill_switch: Json;
  };
  expect([state.seq, state.status, state.kill_switch]).toEqual([Number(at), 'ACTIVE', { run: true, every_run: false }]);
  const held = Object.entries(state.portfolio.positions).map(([symbol, { qty }]) => [symbol, qty]);
  expect(Object.fromEntries(held)).toEqual(summary.final_positions);
  const page = (await replay('--run', 'day', '--state-at', at)).out;
  expect(page).toContain(`Run day after seq ${at}`);
  expect(page).toMatch(/kill switch +active\n/);
  expect(page).toMatch(/limits\.exposure\.max_gross_exposure_x +0\.35\n/);
});

it('finds the moment of a time', async () => {
  const { out } = await replay('--run', 'day', '--until', '2026-02-24T14:35:00Z', '--json');
  const { shards } = JSON.parse(out) as { shards: { audit_records: number }[] };
  const state = JSON.parse((await replay('--run', 'day', '--state-at', '2026-02-24T14:35:00Z', '--json')).out) as Json;
  expect(state.seq).toBe((shards[0]?.audit_records ?? 0) - 1);
});

it.each([
  [['--state-at', '5'], 'give --run'],
  [['--until', '5'], 'give --run'],
  [['--until', 'noon'], 'expected the seq of an audit record, or a time'],
  [['--run', 'day', '--state-at', '5', '--until', '6'], 'leave out --until'],
  [['--run', 'day', '--state-at', '99999'], 'the last record of run `day` is seq'],
  [['--run', 'day', '--state-at', '2020-01-01T00:00:00Z'], 'has no record of run `day` up to then'],
  [['--run', 'night'], 'shard 0 has no record of it'],
  [['--shard', '7'], 'the log has 1, from 0 to 0'],
  [['--shard', 'x'], 'expected a whole number'],
  [['--changes', 'x.jsonl'], 'give --policy'],
])('refuses %j in one line', async (args, line) => {
  const { code, out, err } = await replay(...args);
  expect([code, out, err.trim().split('\n').length]).toEqual([2, '', 1]);
  expect(err).toContain(line);
});

it('waits for nobody who holds the directory', async () => {
  const { bus } = await openSession(data);
  const { code, err } = await replay();
  await bus.close();
  expect(code).toBe(2);
  expect(err).toContain('BUS_LOCKED');
});

it('shows what differs field by field, with its facts and its input, and ends with 1', async () => {
  // Somebody who can write to the log puts a decision in: the same once more, under the next offset.
  const session = await openSession(data);
  let copied: BusRecord | undefined;
  for await (const record of recordsTo(session.bus, { topic: DECISIONS, partition: 0, offset: 0 })) copied ??= record;
  const writer = await session.bus.writer('stranger');
  await writer.commit([copied!]);
  await writer.close();
  await session.bus.close();
  const { code, out } = await replay();
  expect(code).toBe(1);
  expect(out).toMatch(/decisions\/0@150 \(extra\): no intent leads to this decision/);
  expect(out).toMatch(/Folded again from offset zero: 1 of 1 shard differs\.\n$/);
});

it('names the input of an altered audit record', async () => {
  const other = folder.path('altered');
  const intents = folder.path('one.jsonl');
  writeFileSync(
    intents,
    `${JSON.stringify({ intent_id: 'one', timestamp: '2026-02-24T09:30:01Z', strategy_id: 's', account_id: 'a', instrument: { symbol: 'AAPL', asset_class: 'equity' }, side: 'buy', order_type: 'market', qty: 5 })}\n`,
  );
  const files = ['policy', 'portfolio', 'market'].flatMap((name) => [
    `--${name}`,
    `scenarios/demo/${name}.${name === 'policy' ? 'yaml' : 'json'}`,
  ]);
  expect((await run('run', ...files, '--intents', intents, '--run-id', 'one', '--data-dir', other)).code).toBe(0);
  // What is in the journal stays; the input came later than it did: as if another had been put in its place.
  const { bus, codec } = await openSession(other);
  const late = withChange(0, ({ timestamp }) => ({ timestamp: timestamp + 7 }));
  const changed = altered(await logOf(bus), ORDER_INTENTS, late);
  await bus.close();
  const report = await replayShard({ bus: asBus(changed), codec, partition: 0 });
  const page = replayPage(codec, [report], undefined);
  const document = JSON.parse(replayDocument(codec, [report], undefined)) as { shards: { difference: Json }[] };
  expect(page).toMatch(/audit-records\/0@1 \(changed\): folding its input again gives another value/);
  expect(page).toMatch(/value\.input\.timestamp +1771925401000 +1771925401007\n/);
  expect(page).toMatch(/value\.facts\.clock +1771925401000 +1771925401007\n/);
  expect(page).toMatch(/ {2}facts: {2}\{"clock":1771925401007,/);
  expect(page).toMatch(/ {2}input: {2}\{"topic":"order-intents","partition":0,"offset":0,.*"intent_id":"one"/);
  expect(document.shards[0]?.difference).toMatchObject({
    kind: 'changed',
    topic: 'audit-records',
    offset: 1,
    facts: { clock: 1_771_925_401_007 },
    input: { topic: 'order-intents', offset: 0 },
  });
});
