/** Prices in: each request's are committed to every shard, together or not at all. Requests that come together share transactions. Source: docs/http.md, "Prices". */
import type { Counter, Registry } from 'prom-client';
import type { PriceUpdated } from '../../contracts/messages';
import type { OutgoingRecord } from '../../processor/bus';
import { Problem } from '../http/problem';
import { priceRecords } from '../publishing/lineForms';
import { PersistentWriter } from '../publishing/persistentWriter';
import type { Logger } from '../service/logger';
import type { Session } from '../session';
import { GroupCommit } from './groupCommit';
import { pricesTaken } from './intakeMetrics';

/** Records that may wait for the log at once: prices times shards. One request is taken however many it has. */
const MOST_WAITING = 200_000;
/** How long a bus that fails is tried again, ms. A price is soon replaced by a newer one. */
const PATIENCE_MS = 5_000;

export interface PriceIntakeOptions extends Session {
  readonly registry: Registry;
  readonly log: Logger;
}

export class PriceIntake {
  private readonly writer: PersistentWriter;
  private readonly commits: GroupCommit;
  private readonly taken: Counter;
  private waiting = 0;
  private stopped = false;

  constructor(private readonly options: PriceIntakeOptions) {
    const { bus, registry, log } = options;
    const retrying = (error: Error): void => log.warn({ err: error }, 'a commit of prices failed and is tried again');
    this.writer = new PersistentWriter(bus, 'intake', retrying, PATIENCE_MS);
    this.commits = new GroupCommit(this.writer, {
      beginning: () => undefined,
      ended: (requests, _seconds, error) => {
        if (error !== undefined) log.error({ err: error, requests }, 'prices could not be committed, their outcome is unknown');
      },
    });
    this.taken = pricesTaken(registry);
  }

  /** Resolves when they are on the log; rejects with a Problem: `not_ready` and `invalid_json` (they are not), `outcome_unknown`. */
  async publish(prices: readonly PriceUpdated[]): Promise<void> {
    if (this.stopped) throw notReady('the server stops');
    if (prices.length === 0) return;
    const count = prices.length * this.options.bus.shards;
    if (this.waiting > 0 && this.waiting + count > MOST_WAITING) throw notReady('too many prices wait for the log');
    const records = this.recordsOf(prices);
    this.waiting += count;
    try {
      await new Promise<void>((resolve, reject) => {
        const failed = (_error: unknown, written: false | 'unknown'): void =>
          reject(written === false ? notReady('the log takes nothing at the moment') : outcomeUnknown());
        this.commits.add({ records, withdrawn: false, begun: () => undefined, committed: () => resolve(), failed });
      });
    } finally {
      this.waiting -= count;
    }
    this.taken.inc(prices.length);
  }

  /** Takes nothing more, and commits what it took. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.commits.idle();
    await this.writer.close();
  }

  private recordsOf(prices: readonly PriceUpdated[]): readonly OutgoingRecord[] {
    const { codec, bus } = this.options;
    try {
      // When they came here, not when their sender says: nobody may date a price.
      return priceRecords({ codec, shards: bus.shards }, prices, Date.now());
    } catch (error) {
      // A document may be valid and still be more than a record can hold.
      if (!(error instanceof RangeError)) throw error;
      throw new Problem('invalid_json', { detail: `a price fits no record of the log: ${error.message}` });
    }
  }
}

const notReady = (why: string): Problem =>
  new Problem('not_ready', {
    detail: `${why}; nothing was written, send newer prices in a moment`,
    headers: { 'retry-after': '1' },
  });

const outcomeUnknown = (): Problem =>
  new Problem('outcome_unknown', {
    detail: 'the log did not say in time whether it took the prices; send the newest: what counts is the last one',
    headers: { 'retry-after': '1' },
  });
