/** What simulated code must not ask for is caught however it asks, and ends the world before anything else is said. */
import crypto from 'node:crypto';
import callbackTimers from 'node:timers';
import { buildSimulation } from '../build/buildSimulation';
import { Random } from '../../support/random';
import { WorldPool } from '../worker/pool';
import { planOf } from '../world/planOf';
import { withinWorld } from './ambient';
import { Scheduler } from './scheduler';

const ASKED: Readonly<Record<string, () => unknown>> = {
  'Date()': () => (Date as unknown as () => string)(),
  'new Date()': () => new Date(),
  'Date.now': () => Date.now(),
  'Intl.DateTimeFormat.format': () => new Intl.DateTimeFormat('en').format(),
  'performance.now': () => performance.now(),
  'performance.timeOrigin': () => performance.timeOrigin,
  'process.hrtime': () => process.hrtime(),
  'process.hrtime.bigint': () => process.hrtime.bigint(),
  'process.uptime': () => process.uptime(),
  'Math.random': () => Math.random(),
  'crypto.randomBytes': () => crypto.randomBytes(4),
  'crypto.randomInt': () => crypto.randomInt(4),
  'crypto.getRandomValues': () => globalThis.crypto.getRandomValues(new Uint8Array(4)),
  'node:crypto getRandomValues': () => crypto.getRandomValues(new Uint8Array(4)),
  'webcrypto.getRandomValues': () => crypto.webcrypto.getRandomValues(new Uint8Array(4)),
  setInterval: () => setInterval(() => undefined, 1),
  'AbortSignal.timeout': () => AbortSignal.timeout(1),
};

const world = (): { readonly scheduler: Scheduler; readonly random: Random } => ({
  scheduler: new Scheduler(0),
  random: new Random(1),
});

it.each(Object.keys(ASKED))('tells of %s at once', async (name) => {
  const heard: string[] = [];
  const offences = await withinWorld({ ...world(), offended: (what) => heard.push(what) }, () => {
    expect(ASKED[name]).toThrow('was asked of the surroundings');
    return Promise.resolve();
  });
  expect(heard).toHaveLength(1);
  expect(offences).toEqual(heard);
});

it('leaves what is given a time alone, and puts everything back', async () => {
  const { now } = Date;
  const offences = await withinWorld(world(), () => {
    expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
    expect(new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0)).toBe('1/1/1970');
    return Promise.resolve();
  });
  expect(offences).toEqual([]);
  expect(Date.now).toBe(now);
  expect(Math.random()).toBeLessThan(1);
  expect(performance.timeOrigin).toBeGreaterThan(0);
});

it('keeps the timers of node:timers on virtual time', async () => {
  const { scheduler, random } = world();
  const done: string[] = [];
  await withinWorld({ scheduler, random }, async () => {
    callbackTimers.setTimeout(() => done.push('hour'), 3_600_000);
    callbackTimers.setImmediate(() => done.push('turn'));
    await scheduler.run(3_600_000);
  });
  expect(done).toEqual(['turn', 'hour']);
});

it('ends the world of a core that reads a clock there, and says nothing else', async () => {
  const pool = new WorldPool(await buildSimulation(), 1);
  try {
    const plan = { ...planOf(1, 'calm'), shards: 1, brokers: ['sim' as const], intents: 5 };
    const { violations } = await pool.run({ plan, bug: 'the core reads a clock' });
    expect(violations[0]).toMatchObject({ check: 'ambient', promise: 2 });
    expect(violations.map(({ check }) => check)).not.toContain('liveness');
  } finally {
    await pool.close();
  }
}, 60_000);
