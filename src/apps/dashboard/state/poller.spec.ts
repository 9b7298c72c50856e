import { Poller } from './poller';

describe('asking again', () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => jest.useRealTimers());

  const slow = (ms: number): { readonly ask: () => Promise<void>; readonly asked: () => number } => {
    let count = 0;
    const ask = (): Promise<void> => {
      count += 1;
      return new Promise((resolve) => setTimeout(resolve, ms));
    };
    return { ask, asked: () => count };
  };

  it('is at once the first time, then no more often than it may be, and never twice at once', async () => {
    const { ask, asked } = slow(200);
    const poller = new Poller(ask, { atMostEveryMs: 1_000 });
    poller.poke();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(1);
    for (let times = 0; times < 10; times += 1) {
      poller.poke();
      await jest.advanceTimersByTimeAsync(50);
    }
    expect(asked()).toBe(1);
    await jest.advanceTimersByTimeAsync(600);
    expect(asked()).toBe(2);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(asked()).toBe(2);
    poller.stop();
  });

  it('goes on without a reason, until it is stopped', async () => {
    const { ask, asked } = slow(10);
    const poller = new Poller(ask, { atMostEveryMs: 100, everyMs: 1_000 });
    poller.poke();
    await jest.advanceTimersByTimeAsync(5_100);
    expect(asked()).toBe(6);
    poller.stop();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(asked()).toBe(6);
  });
});
