import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAPER } from '../../../test/support/trading';
import { settled, stopServices, testService, TestLog, until } from '../../../test/support/services';
import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { DECISIONS } from '../../contracts/topics';
import { LiveLog } from '../live/liveLog';
import { gatewayWork, processorWork } from '../service/works';
import { RunLogs } from './runLogs';

const folder = mkdtempSync(join(tmpdir(), 'policygate-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const lives: LiveLog[] = [];
afterEach(async () => {
  await Promise.all(lives.splice(0).map((live) => live.stop()));
  await stopServices();
});

/** A log on which two runs trade, and the files of one of them. */
const rig = async () => {
  const shard = new TestShard();
  const { bus, codec } = shard;
  const common = { codec, batchRecords: 3, brokerStamps: false, waitMs: 5 };
  const services = [
    testService(bus, (metrics) => processorWork({ ...common, metrics })),
    testService(bus, (metrics) => gatewayWork({ ...common, metrics, ...PAPER, log: new TestLog() })),
  ];
  for (const { service } of services) await service.start();
  const live = LiveLog.open({ bus, codec, log: new TestLog() });
  lives.push(live);
  await live.start();
  await shard.publish(shard.started({}, 'r-1'), shard.started({}, 'r-2'), shard.price('AAPL', '200'));
  const name = files++;
  const [auditLog, execLog] = [join(folder, `audit-${name}.jsonl`), join(folder, `exec-${name}.jsonl`)];
  const log = new TestLog();
  const logs = new RunLogs({ bus, codec, live, log, auditLog, execLog });
  let sent = 0;
  const trade = async (count: number): Promise<void> => {
    for (let more = 0; more < count; more++) {
      const intent = intentOf({ intent_id: `i-${sent++}` });
      await shard.publish(shard.intent(intent, 'r-1'), shard.intent(intent, 'r-2'));
    }
    const [processor, gateway] = services;
    if (processor === undefined || gateway === undefined) throw new Error('no services');
    await settled(bus, [processor]);
    await settled(bus, [gateway], [DECISIONS]);
    await settled(bus, [processor]);
    await until('shown', () => live.problems().length === 0);
  };
  await trade(0);
  const lines = (file: string): readonly { intent?: { intent_id: string }; intent_id: string; run_id: string }[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { intent_id: string; run_id: string });
  const decided = (): readonly (string | undefined)[] => lines(auditLog).map(({ intent }) => intent?.intent_id);
  return {
    logs,
    log,
    trade,
    auditLog,
    execLog,
    lines,
    decided,
    again: () => new RunLogs({ bus, codec, live, log, auditLog, execLog }),
  };
};

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, number) => `i-${number}`);

it('has what was decided before it began and what comes then, of its run alone', async () => {
  const { logs, trade, decided, execLog, lines } = await rig();
  await trade(3);
  await logs.start('r-1');
  await until('caught up', () => decided().length === 3);
  await trade(2);
  await until('followed', () => decided().length === 5);
  expect(decided()).toEqual(ids(5));
  await logs.stop();
  expect(new Set(lines(execLog).map(({ run_id }) => run_id))).toEqual(new Set(['r-1']));
});

it('writes at its end what there still is', async () => {
  const { logs, trade, decided } = await rig();
  await logs.start('r-1');
  await trade(4);
  await logs.stop();
  expect(decided()).toEqual(ids(4));
});

it('goes on with the files of an earlier start, mends a torn line, and writes nothing twice', async () => {
  const { logs, again, trade, decided, auditLog, execLog } = await rig();
  await logs.start('r-1');
  await trade(3);
  await logs.stop();
  const [audit, exec] = [readFileSync(auditLog, 'utf8'), readFileSync(execLog, 'utf8')];
  appendFileSync(auditLog, '{"torn');
  await trade(2);
  const second = again();
  await second.start('r-1');
  await second.stop();
  expect(decided()).toEqual(ids(5));
  expect([readFileSync(auditLog, 'utf8').startsWith(audit), readFileSync(execLog, 'utf8').startsWith(exec)]).toEqual([
    true,
    true,
  ]);
});

it('refuses at the start what is no log of ours, and leaves it as it is', async () => {
  const { logs, auditLog } = await rig();
  writeFileSync(auditLog, 'somebody else’s\n');
  await expect(logs.start('r-1')).rejects.toThrow(/audit-\d+\.jsonl:1: not JSON, so nothing is appended to it/);
  expect(readFileSync(auditLog, 'utf8')).toBe('somebody else’s\n');
});

it('says what keeps a file from being written, and goes on with the other', async () => {
  const { logs, log, trade, auditLog, execLog, lines } = await rig();
  await trade(1);
  writeFileSync(auditLog, '{"run_id":"r-1","altered":true}\n');
  await logs.start('r-1');
  await until('said', () => log.messages('error').length > 0);
  expect(log.messages('error')).toEqual(['the file cannot be kept; decisions go on']);
  await until('the other', () => lines(execLog).length > 0);
  await logs.stop();
});
