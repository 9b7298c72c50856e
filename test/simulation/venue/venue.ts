/** A broker account in a simulated world. */
import type { Decimal } from '../../../src/contracts/decimal';
import type { Broker } from '../../../src/gateway/broker';
import type { OpenAtClose } from '../../checks/orders/evidence';
import type { Market } from '../../support/brokers/market';
import type { SimulatedProcess } from '../kernel/process';

/** The moment before the first byte of an order request left a process. */
export interface FirstByte {
  /** Virtual ms since 1970. */
  readonly at: number;
  /** Name of the process. */
  readonly process: string;
  readonly clientOrderId: string;
  /** End offset of the shard's execution events at that moment: what was committed by then. */
  readonly executionsEnd: number;
  readonly method: string;
  readonly path: string;
}

export interface Venue {
  readonly market: Market;
  /** A second order under one name is never made. */
  readonly namesAreKeys: boolean;
  /** What the account held when the world began; negative: short. */
  readonly starting: ReadonlyMap<string, Decimal>;
  /** Of every order request whose first byte left, in their order. */
  readonly firstBytes: readonly FirstByte[];
  /** End offset of the shard's execution events at each entry of `market.log`. */
  readonly executionsEnds: readonly number[];
  /** What was open when the market was about to close; undefined: it is open. */
  readonly openAtClose: OpenAtClose | undefined;
  /** The production adapter, speaking to this account through a network of its own, for one process. */
  open(process: SimulatedProcess): Broker;
  /**
   * What rests at the exchange comes to an end by itself: to be called when the day is over. What is ordered later ends at once. Stops that were read
   * before `readBefore` (virtual ms) should have ended their orders by now.
   */
  closeMarket(readBefore: number): void;
}
