/**
 * The shard's inputs as the model takes them. What has a dead letter is left alone: it may be bytes of strangers, which avsc must not be given under
 * a schema with arrays.
 */
import { DEAD_LETTERS } from '../../../src/contracts/topics';
import type { InputTopic } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import { decoded } from '../decoding';
import type { RawLog } from '../rawLog';
import type { ControlInput, ControlKind, ExecutionReport, Intent, Price, RunStart, AccountFigures, Quantity } from './recorded';

export const priceIn = ({ value }: BusRecord): Price | undefined => decoded('PriceUpdated', value) as Price | undefined;
export const intentIn = ({ value }: BusRecord): Intent | undefined => decoded('OrderIntent', value) as Intent | undefined;
export const executionIn = ({ value }: BusRecord): ExecutionReport | undefined =>
  decoded('ExecutionEvent', value) as ExecutionReport | undefined;

interface ReadControl {
  readonly actor: string;
  readonly reason: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly session_rolled: unknown;
  readonly position_drift: unknown;
  readonly order_resolved: unknown;
}

export const controlIn = ({ value }: BusRecord): ControlInput | undefined => {
  const control = decoded('ControlEvent', value) as ReadControl | undefined;
  return control === undefined ? undefined : { ...kindOf(control), actor: control.actor, reason: control.reason };
};

/** A later kind of event stands beside the union, which holds a policy without a text then. Source: avro/ControlEvent.avsc. */
const kindOf = ({ payload, session_rolled, position_drift, order_resolved }: ReadControl): ControlKind => {
  if (session_rolled !== null) return { name: 'SessionRolled' };
  if (position_drift !== null) return { name: 'PositionDrift' };
  if (order_resolved !== null) return { name: 'OrderResolved' };
  const [[full, fields] = ['', undefined]] = Object.entries(payload);
  const name = full.slice(full.lastIndexOf('.') + 1);
  switch (name) {
    case 'RunStarted':
      return { name, start: fields as RunStart };
    case 'PortfolioUpdated':
      return {
        name,
        figures: fields as AccountFigures,
        positions: (fields as { positions: readonly Quantity[] | null }).positions,
      };
    case 'PolicyActivated':
      return { name, text: (fields as { policy_text: string }).policy_text };
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
      return { name };
    default:
      return { name: 'unknown' };
  }
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined: no text. */
export const keyOf = ({ key }: BusRecord): string | undefined => {
  try {
    return key === null ? undefined : UTF8.decode(key);
  } catch {
    return undefined;
  }
};

/** Offsets of a topic's records that were set aside. */
export const setAside = (log: RawLog, topic: InputTopic, partition: number): ReadonlySet<number> => {
  const letters = log.records(DEAD_LETTERS, partition).filter(({ headers }) => headers.topic === topic);
  return new Set(letters.map(({ headers }) => Number(headers.offset)));
};
