/** Starts the simulated broker, and opens the real adapter to it with the rate limit out of the way. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Broker } from '../src/gateway/broker';
import { openAlpaca } from '../src/gateway/brokers/alpaca/alpaca';
import type { BrokerCall } from '../src/gateway/brokers/http/brokerHttp';
import { openTradier } from '../src/gateway/brokers/tradier/tradier';
import type { Dialect, VenueCount, VenueReady, VenueTask } from './gatewayVenue';

/** The checkout, from the source and from what is built of it. */
const SOURCE = [join(__dirname, 'gatewayVenue.ts'), join(__dirname, '../../bench/gatewayVenue.ts')];

/** What the simulated broker takes; it guards nothing. */
const ALPACA_KEYS = { keyId: 'PKSIMULATEDKEYID0001', secretKey: 'simulatedAlpacaSecretKey0123456789abcdef' };
const TRADIER_KEYS = { token: 'simulatedTradierToken0123456789', accountId: 'VA00000001', environment: 'sandbox' } as const;
/** A tenth of it at once, or more: never reached. */
const REQUESTS_PER_MINUTE = 5_000_000;

export const venueMissing = (): Promise<string | undefined> => {
  try {
    require.resolve('esbuild-register');
  } catch {
    return Promise.resolve('`esbuild-register` is not installed: run `npm ci` with the development packages');
  }
  return Promise.resolve(
    SOURCE.some((file) => existsSync(file)) ? undefined : 'the sources of the simulated brokers are not here',
  );
};

export class Venue {
  private constructor(
    private readonly child: ChildProcess,
    private readonly dialect: Dialect,
    private readonly baseUrl: string,
    readonly resting: VenueReady['resting'],
  ) {}

  static async start(task: VenueTask): Promise<Venue> {
    const source = SOURCE.find((file) => existsSync(file));
    if (source === undefined) throw new Error('no gatewayVenue.ts beside this file or in the checkout');
    const child = fork(source, [JSON.stringify(task)], {
      execArgv: ['-r', require.resolve('esbuild-register')],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const { baseUrl, resting } = await answerOf<VenueReady>(child);
    return new Venue(child, task.dialect, baseUrl, resting);
  }

  /** With the adapter that trades. */
  async connect(onCall: (call: BrokerCall) => void): Promise<Broker> {
    const broker =
      this.dialect === 'alpaca'
        ? openAlpaca({ ...ALPACA_KEYS, baseUrl: this.baseUrl, requestsPerMinute: REQUESTS_PER_MINUTE, onCall })
        : openTradier({ ...TRADIER_KEYS, baseUrl: `${this.baseUrl}/v1`, perMinute: REQUESTS_PER_MINUTE, onCall });
    const identity = await broker.identify();
    if (identity.type === 'unavailable') throw new Error(`${this.dialect}: ${identity.code}: ${identity.reason}`);
    return broker;
  }

  count(): Promise<VenueCount> {
    this.child.send('count');
    return answerOf<VenueCount>(this.child);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}

const answerOf = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the simulated broker ended with ${code ?? 'a signal'}`));
    child.once('close', ended);
    child.once('message', (message) => {
      child.off('close', ended);
      resolve(message as T);
    });
  });
