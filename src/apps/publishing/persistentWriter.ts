/**
 * Commits records to a bus that now and then fails. After an error that may pass, the writer is thrown away, a new one is opened under the same
 * transactional id (which settles what became of the last commit), and the same records are committed again: they may then stand on the log
 * twice. That is harmless for intents, of which each id is decided once, and for prices and control events, which say what is, not by how much
 * it changed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusError } from '../../processor/bus';
import type { Bus, OutgoingRecord, TransactionalWriter } from '../../processor/bus';

/** A broker that restarts is waited for; one that stays away is not. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export class PersistentWriter {
  private readonly transactionalId: string;
  private writer: TransactionalWriter | undefined;

  /** `what`: stands in the transactional id, which no other writer has. `retrying`: told of each error that is not the last. */
  constructor(
    private readonly bus: Bus,
    what: string,
    private readonly retrying: (error: BusError) => void,
    private readonly patienceMs: number = PATIENCE_MS,
  ) {
    this.transactionalId = `policygate-${what}-${randomUUID()}`;
  }

  /** Resolves with the offsets; rejects with the last error. */
  async commit(records: readonly OutgoingRecord[]): Promise<readonly number[]> {
    const deadline = performance.now() + this.patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        this.writer ??= await this.bus.writer(this.transactionalId);
        return await this.writer.commit(records);
      } catch (error) {
        await this.close();
        if (!(error instanceof BusError) || !error.retryable || performance.now() > deadline) throw error;
        this.retrying(error);
        await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
      }
    }
  }

  async close(): Promise<void> {
    const { writer } = this;
    this.writer = undefined;
    // Whatever a writer that has failed says to being closed, nothing depends on it.
    await writer?.close().catch(() => undefined);
  }
}
