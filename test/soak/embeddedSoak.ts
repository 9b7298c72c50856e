/** The soak on the embedded bus: `serve` on a data directory, where everything is one process. */
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../infra/native/ports';
import { openSession } from '../../src/apps/session';
import { programOf } from '../campaign/builtProgram';
import { Fleet } from '../campaign/fleet';
import { Random } from '../support/random';
import { checkTold } from './checkTold';
import type { ToldChecked } from './checkTold';
import type { Desk } from './desk';
import { changePolicies, lagOf, scraped, tripAndReset, untilReady } from './desk';
import { EventReaders } from './eventReaders';
import { judge } from './judge';
import { counted, httpFaults } from './kafkaFaults';
import { PROBE } from './kafkaSoak';
import type { SoakOutcome } from './outcome';
import { commandsOf } from './programCommand';
import type { RunFiles } from './runFiles';
import { INVALID_POLICY, policyOf, writeRunFiles, writeTokens } from './runFiles';
import { Sampler } from './sampler';
import { carryOut, planned } from './schedule';
import type { Fault } from './schedule';
import { Strategies } from './strategies';

export interface EmbeddedSoakOptions {
  /** As `buildProgram` left it. */
  readonly program: string;
  readonly folder: string;
  readonly seed: number;
  readonly minutes: number;
  readonly rate: number;
  readonly say: (line: string) => void;
}

const READY_MS = 60_000;
const DRAIN_MS = 60_000;
const SUPERVISED_EVERY_MS = 500;
const SCRAPED_EVERY_MS = 5_000;
const PAUSED_MS = 8_000;
const NOTICED_MS = 3_000;

export const soakOnDirectory = async (options: EmbeddedSoakOptions): Promise<SoakOutcome> => {
  const { folder, seed, minutes, rate, say } = options;
  mkdirSync(folder, { recursive: true });
  const startedAt = performance.now();
  const [loadBefore = 0] = loadavg();
  const random = new Random(seed);
  const program = programOf(options.program);
  const gate = await openGate(program, folder);
  const { fleet, desk, files, tokens, data } = gate;
  const { url, run } = desk;
  const strategies = new Strategies({ url, run, token: tokens.submit, rate, prices: true, random: random.fork() });
  const readers = new EventReaders({ url, token: tokens.read, random: random.fork() });
  const sampler = new Sampler(() =>
    fleet.running().flatMap(({ name, child: { pid } }) => (pid === undefined ? [] : [{ name, pid }])),
  );
  const happened = new Map<string, number>();
  const findings: string[] = [];
  const note = (line: string): void => {
    appendFileSync(join(folder, 'soak.log'), `${((performance.now() - startedAt) / 1_000).toFixed(1)} ${line}\n`);
    say(line);
  };
  const supervising = new AbortController();
  let drainedMs: number | undefined;
  let loadedMinutes = 0;
  try {
    const supervised = supervise(fleet, supervising.signal);
    await untilReady({ url, token: tokens.read }, READY_MS);
    const scraping = setInterval(() => void scraped(desk), SCRAPED_EVERY_MS);
    strategies.start();
    readers.start();
    sampler.start();
    const loadedFrom = performance.now();
    await carryOut({
      plan: planned(faultsOf(gate, { happened, random: random.fork() }, files), minutes, random.fork()),
      began: (minute, { name }) => note(`minute ${minute + 1}/${minutes}: ${name} (${strategies.told.size} told)`),
      ended: ({ name }, error) => {
        if (error !== undefined) findings.push(`${name}: ${error.message}`);
      },
    });
    loadedMinutes = (performance.now() - loadedFrom) / 60_000;
    clearInterval(scraping);
    await Promise.all([strategies.stop(), readers.stop()]);
    drainedMs = await drained(desk);
    if (drainedMs === undefined) findings.push(`not all was decided within ${DRAIN_MS / 1_000} s`);
    note(drainedMs === undefined ? 'not drained' : `drained in ${(drainedMs / 1_000).toFixed(1)} s`);
    sampler.stop(folder);
    supervising.abort();
    await supervised;
    await fleet.stopAll();
  } finally {
    supervising.abort();
    fleet.killAll();
  }
  findings.push(...fleet.surprises, ...strategies.unexpected.slice(0, 5));
  note('checking');
  const told = await toldIn(data, strategies);
  findings.push(...told.findings);
  const command = commandsOf(program, {});
  for (const name of ['verify', 'replay']) {
    const { code, text } = await command([name, '--data-dir', data]);
    if (code !== 0) findings.push(`${name} ended with ${code}: ${text}`);
  }
  // Its run stays active for as long as the process lives: only another start begins another run.
  const pace = {
    auditRecords: told.auditRecords / loadedMinutes,
    intentsKept: told.decisions / loadedMinutes,
    ordersRemembered: 0,
  };
  const processes = sampler.watched.map((one) => judge(one, pace));
  return {
    ...{ bus: 'embedded', seed, minutes, rate, restarts: 0, loadBefore, drainedMs: drainedMs ?? null, processes },
    findings: [...findings, ...processes.flatMap((one) => one.findings)],
    faults: Object.fromEntries(happened),
    load: {
      ...Object.fromEntries(Object.entries(strategies.answers).map(([status, count]) => [`HTTP ${status}`, count])),
      ...{ runs: gate.runs(), 'readers of events': readers.opened, 'events read': readers.events },
    },
    log: { decisions: told.decisions, 'audit records': told.auditRecords },
    durationMs: performance.now() - startedAt,
  };
};

interface Gate {
  readonly fleet: Fleet;
  readonly desk: Desk;
  readonly files: RunFiles;
  readonly tokens: ReturnType<typeof writeTokens>;
  readonly data: string;
  /** Ends the run with the next start, which begins another one. */
  readonly nextRun: () => void;
  readonly runs: () => number;
}

const openGate = async (program: string, folder: string): Promise<Gate> => {
  const [port = 0] = await freePorts(1);
  const files = writeRunFiles(folder);
  const tokens = writeTokens(folder);
  const data = join(folder, 'data');
  let runs = 1;
  let isNew = false;
  const url = (): string => `http://127.0.0.1:${port}`;
  const run = (): string => `run-${runs}`;
  const serve = (): readonly string[] => {
    const began = isNew ? ['--new-run'] : [];
    isNew = false;
    return [
      ...['--bus', 'embedded', '--data-dir', data, '--port', String(port), '--tokens', tokens.file, '--allow-sender-prices'],
      ...['--watch-policy', '--run', run(), '--account', 'acct-1', ...files.flags, ...began],
    ];
  };
  const probed = { NODE_OPTIONS: `--require ${PROBE}`, SOAK_PROBE_FOLDER: folder };
  const fleet = new Fleet({ program, folder, env: probed, serve });
  const nextRun = (): void => {
    runs += 1;
    isNew = true;
  };
  return { fleet, desk: { url, token: tokens.operate, run }, files, tokens, data, nextRun, runs: () => runs };
};

const faultsOf = (
  { fleet, desk, tokens, nextRun }: Gate,
  chance: { readonly happened: Map<string, number>; readonly random: Random },
  files: RunFiles,
): readonly Fault[] => {
  const served = (): typeof fleet.members extends Set<infer Member> ? Member : never => {
    const [one] = fleet.running('serve');
    if (one === undefined) throw new Error('serve does not run');
    return one;
  };
  const back = (): Promise<void> => untilReady({ url: desk.url, token: tokens.read }, READY_MS);
  const fault = (name: string, work: () => Promise<void>, replaces = false): Fault => ({
    ...{ name, replaces },
    run: () => counted(chance, name, work),
  });
  return [
    fault('serve killed', () => fleet.kill(served()).then(back), true),
    fault('serve stopped, and started with a new run', () => turnOver({ fleet, served: served(), nextRun }).then(back), true),
    fault('serve paused', async () => {
      served().child.kill('SIGSTOP');
      await sleep(PAUSED_MS);
      served().child.kill('SIGCONT');
      await back();
    }),
    ...httpFaults(desk, chance),
    fault('policies changed', () => changePolicies(desk)),
    fault('policy file edited', () => editPolicy(files.policy)),
    fault('kill switch tripped and reset', () => tripAndReset(desk)),
  ];
};

const turnOver = async ({
  fleet,
  served,
  nextRun,
}: Pick<Gate, 'fleet' | 'nextRun'> & { readonly served: Parameters<Fleet['stop']>[0] }): Promise<void> => {
  nextRun();
  if (!(await fleet.stop(served))) throw new Error('serve did not stop in time');
};

/** Written in place, then renamed over; one of them invalid. */
const editPolicy = async (file: string): Promise<void> => {
  writeFileSync(file, INVALID_POLICY);
  await sleep(NOTICED_MS);
  writeFileSync(file, policyOf('0.06'));
  await sleep(NOTICED_MS);
  writeFileSync(`${file}.new`, policyOf('0.10'));
  renameSync(`${file}.new`, file);
};

/** How long it took until nothing was left to fold; undefined: too long. */
const drained = async (desk: Desk): Promise<number | undefined> => {
  const startedAt = performance.now();
  while (performance.now() - startedAt < DRAIN_MS) {
    if ((await lagOf(desk)) === 0) return performance.now() - startedAt;
    await sleep(100);
  }
  return undefined;
};

const toldIn = async (data: string, { told }: Strategies): Promise<ToldChecked> => {
  const { bus, codec } = await openSession(data);
  try {
    return await checkTold(bus, codec, told);
  } finally {
    await bus.close();
  }
};

/** As a supervisor does: what is gone is started again. */
const supervise = async (fleet: Fleet, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    if (fleet.running('serve').length === 0) fleet.start('serve');
    await sleep(SUPERVISED_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
};
