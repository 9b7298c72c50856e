/** A broker of the campaign's own behind a proxy that can lose answers, and a schema registry. */
import { freePorts } from '../../infra/native/ports';
import { startNativeBroker } from '../../infra/native/broker';
import type { NativeBroker } from '../../infra/native/broker';
import { startNativeRegistry } from '../../infra/native/registry';
import type { FaultyProxy } from '../support/kafka/faultyProxy';
import { startFaultyProxy } from '../support/kafka/faultyProxy';

export interface Cluster {
  /** Through the proxy. */
  readonly bootstrap: string;
  readonly registryUrl: string;
  readonly broker: NativeBroker;
  readonly proxy: FaultyProxy;
  readonly stop: () => Promise<void>;
}

export interface ClusterOptions {
  /** Of the broker; the proxy takes one nearby. Default: free ones. */
  readonly brokerPort?: number | undefined;
  readonly registryPort?: number | undefined;
  /** A registry that runs already. */
  readonly registryUrl?: string | undefined;
}

/** Seconds pass between a member's death and the takeover; a broker refuses less than 6 s unless it is told otherwise. */
const LEAST_SESSION_MS = 1_000;

export const startCluster = async ({ brokerPort, registryPort, registryUrl }: ClusterOptions): Promise<Cluster> => {
  const ports = brokerPort === undefined ? await freePorts(2) : [brokerPort, brokerPort + 10];
  const [port = 0, proxied = 0] = ports;
  const proxy = await startFaultyProxy(proxied, () => port);
  const settings = {
    // Clients find the broker behind the proxy, wherever they were sent first.
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxied}`,
    'group.min.session.timeout.ms': LEAST_SESSION_MS,
  };
  let broker: NativeBroker | undefined;
  try {
    const started = await Promise.allSettled([
      startNativeBroker({ port, settings }),
      registryUrl === undefined
        ? startNativeRegistry(registryPort === undefined ? {} : { port: registryPort })
        : Promise.resolve({ url: registryUrl, stop: () => Promise.resolve() }),
    ]);
    const [brokerStarted, registryStarted] = started;
    if (brokerStarted.status === 'fulfilled') broker = brokerStarted.value;
    if (brokerStarted.status === 'rejected' || registryStarted.status === 'rejected') {
      if (registryStarted.status === 'fulfilled') await registryStarted.value.stop();
      throw started.find((one) => one.status === 'rejected')?.reason;
    }
    const { value: running } = brokerStarted;
    const { value: registry } = registryStarted;
    return {
      bootstrap: `127.0.0.1:${proxied}`,
      registryUrl: registry.url,
      broker: running,
      proxy,
      stop: async () => {
        await registry.stop();
        await proxy.close();
        await running.stop();
      },
    };
  } catch (error) {
    await proxy.close();
    await broker?.stop();
    throw error;
  }
};
