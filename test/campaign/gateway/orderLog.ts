/** The log of a cell as the checks see it: decoded by avsc from the schema files, decimals from their bytes, and nothing of the gateway's own code. */
import { AUDIT_RECORDS, DECISIONS, EXECUTION_EVENTS, POLICY_STATE } from '../../../src/contracts/topics';
import { decoded } from '../checks/decoding';
import type { RawLog } from '../rawLog';

export const ONE = 10n ** 18n;
const SHARD = 0;

export interface LoggedEvent {
  readonly offset: number;
  readonly event: string;
  readonly intentId: string;
  readonly orderId: string;
  readonly name: string;
  readonly symbol: string;
  readonly side: string;
  readonly qty: bigint | null;
  readonly price: bigint | null;
  readonly cumQty: bigint;
  readonly leavesQty: bigint;
  readonly code: string | null;
  readonly decisionOffset: number;
  /** ms since 1970: when it was written, or shortly before. */
  readonly recordedAt: number;
}

export interface LoggedOrder {
  readonly symbol: string;
  readonly side: string;
  readonly orderType: string;
  readonly qty: bigint;
  readonly limitPrice: bigint | null;
}

export interface LoggedDecision {
  readonly offset: number;
  readonly intentId: string;
  readonly verdict: string;
  readonly order: LoggedOrder | null;
}

/** What the processor folded, in its order. */
export type Folded =
  | { readonly type: 'decision'; readonly decision: Omit<LoggedDecision, 'offset'> }
  | { readonly type: 'execution'; readonly event: Omit<LoggedEvent, 'offset' | 'recordedAt'> };

export interface OrderLog {
  readonly events: readonly LoggedEvent[];
  readonly decisions: readonly LoggedDecision[];
  readonly folded: readonly Folded[];
  /** Shares that the state of the run ends with, by symbol. */
  readonly positions: ReadonlyMap<string, bigint>;
}

type Plain = Readonly<Record<string, unknown>>;

export const orderLogOf = (log: RawLog): OrderLog => ({
  events: log.records(EXECUTION_EVENTS, SHARD).map(({ offset, value, headers }) => {
    const recordedAt = Date.parse(headers.recorded_at ?? '');
    return { ...eventOf(mustDecode('ExecutionEvent', value, offset)), offset, recordedAt };
  }),
  decisions: log
    .records(DECISIONS, SHARD)
    .map(({ offset, value }) => ({ ...decisionOf(mustDecode('Decision', value, offset)), offset })),
  folded: log.records(AUDIT_RECORDS, SHARD).flatMap(({ offset, value }): readonly Folded[] => {
    const { kind, decision, execution } = mustDecode('AuditRecord', value, offset);
    if (kind === 'DECISION') return [{ type: 'decision', decision: decisionOf(decision as Plain) }];
    return kind === 'EXECUTION' ? [{ type: 'execution', event: eventOf(execution as Plain) }] : [];
  }),
  positions: positionsOf(log),
});

/** Two's complement, big-endian, in units of 10^-18. */
const decimalOf = (bytes: unknown): bigint => {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('no decimal');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
};

const decimalOrNull = (bytes: unknown): bigint | null => (bytes === null ? null : decimalOf(bytes));
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const mustDecode = (name: 'ExecutionEvent' | 'Decision' | 'AuditRecord', value: Uint8Array | null, offset: number): Plain => {
  const record = decoded(name, value);
  if (record === undefined) throw new Error(`offset ${offset} holds no ${name}`);
  return record as Plain;
};

const eventOf = (event: Plain): Omit<LoggedEvent, 'offset' | 'recordedAt'> => ({
  event: textOf(event.event),
  intentId: textOf(event.intent_id),
  orderId: textOf(event.order_id),
  name: textOf(event.client_order_id),
  symbol: textOf(event.symbol),
  side: textOf(event.side),
  qty: decimalOrNull(event.qty),
  price: decimalOrNull(event.price),
  cumQty: decimalOf(event.cum_qty),
  leavesQty: decimalOf(event.leaves_qty),
  code: event.code === null ? null : textOf(event.code),
  decisionOffset: event.decision_offset as number,
});

const decisionOf = ({ intent_id, decision, order }: Plain): Omit<LoggedDecision, 'offset'> => ({
  intentId: textOf(intent_id),
  verdict: textOf(decision),
  order: order === null ? null : orderOf(order as Plain),
});

const orderOf = (order: Plain): LoggedOrder => ({
  symbol: textOf((order.instrument as Plain).symbol),
  side: textOf(order.side),
  orderType: textOf(order.order_type),
  qty: decimalOf(order.qty),
  limitPrice: decimalOrNull(order.limit_price),
});

const POSITION = 'policygate.PositionEntity';

/** The newest entity of each key counts. */
const positionsOf = (log: RawLog): ReadonlyMap<string, bigint> => {
  const held = new Map<string, bigint>();
  for (const { key, value } of log.records(POLICY_STATE, SHARD)) {
    const name = decoded('StateKey', key) as Plain | undefined;
    if (name?.kind !== 'position') continue;
    const symbol = textOf(name.id);
    const entity = value === null ? undefined : (decoded('StateEntity', value) as Plain).entity;
    if (entity === undefined) held.delete(symbol);
    else held.set(symbol, decimalOf(((entity as Plain)[POSITION] as Plain).qty));
  }
  return new Map([...held].filter(([, qty]) => qty !== 0n));
};
