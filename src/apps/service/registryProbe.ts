import { registryAnswers } from '../../bus/kafka/schemaRegistry';
import type { RegistryOptions } from '../../bus/kafka/options';
import { idlePause } from './backoff';
import type { Companion } from './companion';

const EVERY_MS = 30_000;

/**
 * Asks the schema registry now and then whether it is there. Services that run need it no more, so that nobody would notice its loss before something is to
 * be started again, which then cannot.
 */
export class RegistryProbe implements Companion {
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: { readonly registry: RegistryOptions; readonly topicPrefix: string; readonly everyMs?: number },
    private readonly answered: (answered: boolean) => void,
  ) {}

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    const { registry, topicPrefix, everyMs = EVERY_MS } = this.options;
    while (!this.stopping.signal.aborted) {
      // What is asked last while everything ends would hold the end up.
      const asked = registryAnswers(registry, topicPrefix).then(this.answered);
      await Promise.race([asked, ended(this.stopping.signal)]);
      await idlePause(everyMs, this.stopping.signal);
    }
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
