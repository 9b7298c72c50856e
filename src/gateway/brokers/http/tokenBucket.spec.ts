import fc from 'fast-check';
import { TokenBucket } from './tokenBucket';

/** A bucket of 200 a minute, 20 at once, on a clock that only sleeping moves. */
const bucketOf = (perMinute = 200, burst = 20) => {
  let clock = 0;
  const now = () => clock;
  const sleep = (ms: number) => {
    clock += ms;
    return Promise.resolve();
  };
  return { bucket: new TokenBucket({ perMinute, burst, now, sleep }), now, pass: (ms: number) => void (clock += ms) };
};
const FOREVER = Number.POSITIVE_INFINITY;

it('keeps a fifth of the burst back from submissions', async () => {
  const { bucket } = bucketOf();
  expect(bucket.capacity()).toBe(16);
  for (let taken = 0; taken < 16; taken++) expect(bucket.takeNow()).toBe(true);
  expect(bucket.takeNow()).toBe(false);
  expect(await bucket.take('read', 0.5)).toBe(true);
});

it('tells how long a submission would wait', () => {
  const { bucket, pass } = bucketOf();
  while (bucket.takeNow());
  const wait = bucket.waitMs();
  pass(wait - 1);
  expect(bucket.takeNow()).toBe(false);
  pass(1);
  expect(bucket.takeNow()).toBe(true);
});

it('lets cancels go before reads', async () => {
  const { bucket } = bucketOf();
  bucket.atMost(0);
  const order: string[] = [];
  const take = async (kind: 'cancel' | 'read', name: string) => {
    await bucket.take(kind, FOREVER);
    order.push(name);
  };
  await Promise.all([take('read', 'r1'), take('read', 'r2'), take('cancel', 'c1'), take('cancel', 'c2')]);
  expect(order).toEqual(['c1', 'c2', 'r1', 'r2']);
});

it('answers those in time who cannot wait as long as it takes', async () => {
  const { bucket, now } = bucketOf();
  bucket.pauseUntil(10_000);
  expect(await Promise.all([bucket.take('read', 2_000), bucket.take('cancel', FOREVER)])).toEqual([false, true]);
  expect(now()).toBe(10_000);
});

it('follows what the broker says is left downwards only', () => {
  const { bucket } = bucketOf();
  bucket.atMost(9);
  expect(bucket.capacity()).toBe(5);
  bucket.atMost(150);
  expect(bucket.capacity()).toBe(5);
});

it('gives nothing while it is paused or after it was closed', async () => {
  const { bucket, pass } = bucketOf();
  bucket.pauseUntil(5_000);
  expect([bucket.capacity(), bucket.takeNow(), bucket.waitMs()]).toEqual([0, false, 5_000]);
  pass(5_000);
  expect(bucket.capacity()).toBe(16);
  bucket.close();
  expect([bucket.capacity(), bucket.takeNow(), await bucket.take('cancel', FOREVER)]).toEqual([0, false, false]);
});

it('lets its rate go in the first minute, and no more', async () => {
  const { bucket, now } = bucketOf();
  let sent = 0;
  for (;;) {
    await bucket.take('read', FOREVER);
    if (now() >= 60_000) break;
    sent += 1;
  }
  expect([199, 200]).toContain(sent);
});

it('never lets more than its rate go in any minute', async () => {
  const step = fc.tuple(fc.constantFrom('submit', 'cancel', 'read', 'pass'), fc.integer({ min: 1, max: 4_000 }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 60 }), fc.array(step, { maxLength: 150 }), async (perMinute, steps) => {
      const { bucket, now, pass } = bucketOf(perMinute, Math.ceil(perMinute / 4));
      const sent: number[] = [];
      for (const [kind, ms] of steps) {
        if (kind === 'pass') pass(ms);
        else if (kind === 'submit' ? bucket.takeNow() : await bucket.take(kind, FOREVER)) sent.push(now());
      }
      for (const [index, at] of sent.entries()) {
        const inTheMinute = sent.slice(index).filter((other) => other < at + 60_000).length;
        expect(inTheMinute).toBeLessThanOrEqual(perMinute);
      }
    }),
  );
});

it('refuses a burst that is no part of the rate', () => expect(() => bucketOf(10, 10)).toThrow(RangeError));
