/** What is known of orders besides the log: what left for a broker, what the broker made of it, and what each gateway had been handed. */
import type { Market } from '../../support/brokers/market';
import type { DecodedLog } from '../decodedLog';

/** The first byte of an order request left a process. */
export interface SentOrder {
  /** ms. */
  readonly at: number;
  readonly process: string;
  readonly clientOrderId: string;
  /** End offset of the shard's execution events at that moment: what was committed by then. */
  readonly executionsEnd: number;
}

export interface AccountEvidence {
  /** The broker's own record. */
  readonly market: Pick<Market, 'orders' | 'fills' | 'log' | 'positions'>;
  /** A second request under one name makes no second order. */
  readonly namesAreKeys: boolean;
  readonly firstBytes: readonly SentOrder[];
  /** End offset of the shard's execution events at each entry of `market.log`. */
  readonly executionsEnds: readonly number[];
  /** What it held at the beginning; undefined: what the shard's runs began with, together. */
  readonly starting?: ReadonlyMap<string, bigint>;
  /** When the market was about to close, what was open: later orders end by themselves. Undefined: it has not closed. */
  readonly openAtClose?: OpenAtClose | undefined;
  /** The broker changes its word about prices: what was paid cannot be told from it. */
  readonly restates?: boolean;
}

export interface OpenAtClose {
  /** Stops that a gateway had read by then, ms, have had the time to take effect. */
  readonly readBefore: number;
  /** Ids of the broker. */
  readonly orders: ReadonlySet<string>;
}

/** A record that a gateway process was given to read. */
export interface HandedRecord {
  readonly process: string;
  readonly topic: 'control-events' | 'decisions';
  readonly shard: number;
  readonly offset: number;
  /** ms. */
  readonly at: number;
}

export interface OrderEvidence {
  readonly log: DecodedLog;
  /** Of each shard; undefined: it trades on paper. */
  readonly accounts: readonly (AccountEvidence | undefined)[];
  /** Empty: nobody has watched it. */
  readonly handed: readonly HandedRecord[];
  /** When an execution event became visible, ms, where that was seen. */
  readonly committedAt?: (shard: number, offset: number) => number | undefined;
  /** The gateways' own setting, for policies that do not say what a trip does to open orders. */
  readonly cancelOpenOrders: boolean;
  /**
   * The first bytes are those that left, in the order in which they left, and every refusal is on the broker's record: true of worlds, not of servers that see
   * what arrives. Then the order of submissions and the causes of refusals are judged as well.
   */
  readonly isWatched?: boolean;
  /** Everything has come to rest: what is not there now will not come any more. */
  readonly atRest: boolean;
}
