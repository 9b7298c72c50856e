/**
 * One world from its first event to its verdict. Trouble for as long as there is something to publish; then the faults stop, and everything has to come to
 * rest by itself; then everybody dies and starts again, and has to answer as if nothing had been; then the checks.
 */
import { createHash } from 'node:crypto';
import { Codec } from '../../../src/contracts/avro/codec';
import { freshSchemas } from '../../../src/contracts/avro/localRegistry';
import { TOPICS } from '../../../src/contracts/topics';
import type { OutgoingRecord } from '../../../src/processor/bus';
import type { RawLog } from '../../checks/rawLog';
import { Findings } from '../../checks/findings';
import { promisesOf } from '../../checks/promises';
import { Random } from '../../support/random';
import { startActors } from '../actors/actors';
import { withinWorld } from '../kernel/ambient';
import { Faults } from '../kernel/faults';
import type { Ports } from '../kernel/ports';
import { Scheduler } from '../kernel/scheduler';
import { SimulatedBus } from '../kernel/simulatedBus';
import { Fleet } from './fleet';
import type { WorldPlan } from './plan';
import type { WorldPort } from './port';
import { Publishers } from './publishers';
import { Rest } from './rest';
import { Restraint } from './restraint';
import type { WorldResult } from './result';
import { Verdict } from './verdict';

const START_MS = Date.UTC(2026, 2, 2, 14, 30);
const HOUR_MS = 3_600_000;
/** Everything has to be published within this time, whatever happens. */
const MOST_TROUBLE_MS = 6 * HOUR_MS;
/** After the last fault, until the market closes: what rests may rest. */
const BEFORE_CLOSE_MS = 10_000;
/** After the last fault, until what was stopped before is cancelled: look-ups of what is unknown come after a minute at the latest. */
const CANCELLED_MS = 110_000;
const LOOK_EVERY_MS = 5_000;
/** From when on the operator looks after what nobody can find out. */
const OPERATOR_MS = 60_000;
/** After the last fault everything is decided and has ended within this time (promise 19; docs/reliability.md). */
const MOST_REST_MS = 300_000;
/** A restart of everybody: until the group has seen it, everything is restored and the first decision is on the log. */
const MOST_RECOVERY_MS = 12_000;

let codec: Codec | undefined;

export const runWorld = async (plan: WorldPlan, options: { readonly trace?: boolean } = {}): Promise<WorldResult> => {
  const random = new Random(plan.seed);
  const scheduler = new Scheduler(START_MS);
  const faults = new Faults(plan.faults, random.fork());
  const lines: string[] = [];
  const trace = (line: () => string): void => {
    if (options.trace === true) lines.push(`${timeOf(scheduler.nowMs)} ${line()}`);
  };
  const findings = new Findings();
  const rejected = (error: unknown): void => findings.add('halted', `a rejection that nobody took: ${describe(error)}`);
  process.on('unhandledRejection', rejected);
  let result: WorldResult | undefined;
  try {
    const offended = (what: string): void => {
      trace(() => `asked of the surroundings: ${what}`);
      findings.add('ambient', what);
      scheduler.stop();
    };
    await withinWorld({ scheduler, random: random.fork(), offended }, async () => {
      result = await play(plan, { scheduler, faults, trace }, random, findings);
    });
  } catch (error) {
    // Where the offence itself came out of an event or of a check, it is told already.
    if (!scheduler.isStopped) throw error;
    const { events, nowMs } = scheduler;
    result = {
      violations: [],
      trace: [],
      events,
      virtualMs: nowMs - START_MS,
      counts: {},
      faults: Object.fromEntries(faults.counts),
      hash: '',
    };
  } finally {
    process.off('unhandledRejection', rejected);
  }
  if (result === undefined) throw new Error(`world ${plan.seed} came to nothing`);
  return { ...result, violations: violationsOf(findings), trace: lines };
};

const play = async (plan: WorldPlan, ports: Ports, random: Random, findings: Findings): Promise<WorldResult> => {
  const { scheduler, faults, trace } = ports;
  const theCodec = (codec ??= new Codec(freshSchemas()));
  const poison = new Map<OutgoingRecord, string>();
  const restraint = new Restraint(scheduler, findings);
  const verdict = new Verdict(plan, ports, random.fork(), theCodec, () => bus.log, restraint);
  const bus: SimulatedBus = new SimulatedBus({
    ...ports,
    ...{ shards: plan.shards, stamps: plan.stamps === 'append', poison },
    handed: (process, records) => verdict.handedOver(process, records),
  });
  const publishers = new Publishers(scheduler, (process) => bus.of(process));
  const world: WorldPort = {
    ...{ plan, scheduler, faults, codec: theCodec, log: bus.log, venues: verdict.venues, trace },
    fork: () => random.fork(),
    publish: (from, records, acknowledged) => publishers.publish(from, records, acknowledged),
    isPoison: (record, what) => void poison.set(record, what),
  };
  const fleet = new Fleet({
    ...ports,
    ...{ plan, codec: theCodec, venues: verdict.venues, restraint },
    busOf: (process) => bus.of(process),
    halted: (process, error) => {
      trace(() => `${process.name} halts: ${describe(error)}`);
      findings.add('halted', `${process.name}: ${describe(error)}`);
    },
  });
  fleet.start();
  const actors = startActors(world);
  verdict.priceOf = (symbol) => actors.priceOf(symbol);
  await scheduler.run(START_MS + MOST_TROUBLE_MS, () => actors.done && publishers.areIdle);
  const asItIs = (): WorldResult => ({
    ...{ violations: [], trace: [], events: scheduler.events, virtualMs: scheduler.nowMs - START_MS },
    counts: verdict.counts(bus.log),
    faults: Object.fromEntries(faults.counts),
    hash: hashOf(bus.log),
  });
  // Asked wherever time has passed: a world that was stopped says nothing about anything else.
  const isOver = (): boolean => scheduler.isStopped;
  if (isOver()) return asItIs();
  if (!actors.done) findings.add('liveness', `after ${MOST_TROUBLE_MS / HOUR_MS} hours not everything was published`);

  faults.stop();
  trace(() => 'the faults are over');
  const restAt = scheduler.nowMs;
  const rest = new Rest(bus.log, theCodec);
  const comeToRest = async (sinceMs: number): Promise<boolean> => {
    for (;;) {
      await scheduler.run(scheduler.nowMs + LOOK_EVERY_MS);
      if (isOver()) return false;
      const missing = publishers.areIdle ? rest.missing() : ['something is still being published'];
      if (missing.length === 0) return true;
      if (scheduler.nowMs - sinceMs > MOST_REST_MS) {
        findings.add(
          'liveness',
          `${MOST_REST_MS / 1_000} s after the last fault: ${missing.slice(0, 3).join('; ')} (${missing.length} in all)`,
        );
        return false;
      }
      if (scheduler.nowMs - sinceMs > OPERATOR_MS) actors.resolveUnknown();
    }
  };
  actors.recover();
  await scheduler.run(restAt + BEFORE_CLOSE_MS);
  if (verdict.hasToCancel) await scheduler.run(restAt + CANCELLED_MS);
  // Unless there was time to look up and to cancel, nothing was to be cancelled when the faults were over.
  for (const venue of verdict.venues) venue?.closeMarket(scheduler.nowMs >= restAt + CANCELLED_MS ? restAt : START_MS);
  actors.reopen();
  if (!(await comeToRest(restAt))) trace(() => 'it has not come to rest');

  if (isOver()) return asItIs();

  trace(() => 'everybody dies');
  fleet.restartAll();
  const diedAt = scheduler.nowMs;
  actors.probes();
  await scheduler.run(diedAt + MOST_RECOVERY_MS);
  if (isOver()) return asItIs();
  const unjudged = rest.missing().filter((what) => what.includes('folded'));
  if (unjudged.length > 0)
    findings.add('recovery', `${MOST_RECOVERY_MS / 1_000} s after everybody was started again: ${unjudged.join('; ')}`);
  const atRest = await comeToRest(diedAt);
  if (!isOver()) await verdict.judge({ bus, codec: theCodec, acknowledged: publishers.acknowledged, atRest, findings });
  return asItIs();
};

const violationsOf = (findings: Findings): WorldResult['violations'] => {
  const { first, told } = findings;
  if (first === undefined) return [];
  const others = told.filter(({ what }) => what !== first.what);
  return [first, ...others].map(({ check, what }) => ({ promise: promisesOf(check)[0], check, what }));
};

const hashOf = (log: RawLog): string => {
  const hash = createHash('sha256');
  const number = Buffer.alloc(8);
  const add = (bytes: Uint8Array | null): void => {
    number.writeDoubleBE(bytes?.length ?? -1);
    hash.update(number);
    if (bytes !== null) hash.update(bytes);
  };
  for (const topic of TOPICS)
    for (let partition = 0; partition < log.shards; partition++)
      for (const { offset, timestamp, key, value, headers } of log.records(topic, partition)) {
        add(Buffer.from(`${topic}/${partition}@${offset} ${timestamp}`));
        add(key);
        add(value);
        for (const [name, text] of Object.entries(headers)) add(Buffer.from(`${name}=${text}`));
      }
  return hash.digest('hex');
};

const timeOf = (ms: number): string => new Date(Math.floor(ms)).toISOString().slice(11, 23);
const describe = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
