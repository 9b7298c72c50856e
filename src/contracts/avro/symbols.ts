/**
 * The symbols of the Avro enums, in the order of their indexes. Some schemas have one more, `OTHER`, for readers of older schemas; it is never
 * written, and refused when read.
 */
import type {
  AssetClass,
  AuditKind,
  EquityMode,
  ExecutionEventType,
  KillSwitchChange,
  OrderResolved,
  OrderStatus,
  OrderType,
  RunStatus,
  Severity,
  Side,
  Verdict,
} from '../messages';
import { RULE_IDS } from '../messages';
import type { RuleId } from '../messages';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const SIDES: readonly Side[] = ['buy', 'sell'];
export const ORDER_TYPES: readonly OrderType[] = ['market', 'limit'];
export const ASSET_CLASSES: readonly AssetClass[] = ['equity', 'crypto', 'fx', 'futures'];
export const VERDICTS: readonly Verdict[] = ['ALLOW', 'DENY', 'MODIFY'];
export const SEVERITIES: readonly Severity[] = ['LOW', 'MED', 'HIGH', 'CRIT'];
export const EXECUTION_EVENT_TYPES: readonly ExecutionEventType[] = [
  'ORDER_SUBMITTED',
  'ORDER_FILLED',
  'ORDER_REJECTED',
  'ORDER_CANCELLED',
  'ORDER_EXPIRED',
  'ORDER_SUBMITTING',
  'ORDER_UNKNOWN',
  'ORDER_CANCELLING',
];
export const AUDIT_KINDS: readonly AuditKind[] = [
  'DECISION',
  'EXECUTION',
  'CONTROL',
  'KILL_SWITCH',
  'DUPLICATE',
  'REJECTED_INPUT',
];
export const KILL_SWITCH_CAUSES: readonly KillSwitchChange['cause'][] = ['RULE', 'COUNT', 'OPERATOR'];
export const ORDER_STATUSES: readonly OrderStatus[] = ['NONE', 'WORKING', 'FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED'];
export const EQUITY_MODES: readonly EquityMode[] = ['fixed', 'marked'];
export const RESOLVED_OUTCOMES: readonly OrderResolved['outcome'][] = ['FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED'];
export const RUN_STATUSES: readonly RunStatus[] = ['UNKNOWN', 'ACTIVE', 'ENDED'];

export const writeSymbol = <S extends string>(writer: Writer, symbols: readonly S[], value: S): void => {
  const index = symbols.indexOf(value);
  if (index < 0) throw new RangeError(`\`${value}\`: expected one of ${symbols.join(', ')}`);
  writer.index(index);
};

export const readSymbol = <S extends string>(reader: Reader, symbols: readonly S[]): S => {
  const symbol = symbols[reader.index(symbols.length)];
  return symbol ?? reader.fail('OUT_OF_BOUNDS', `expected one of ${symbols.join(', ')}`);
};

/** Rule ids are texts in Avro: its symbols know no hyphen. */
export const readRuleId = (reader: Reader): RuleId => {
  const text = reader.name();
  return (
    RULE_IDS.find((id) => id === text) ?? reader.fail('INVALID_VALUE', `an unknown rule: expected one of ${RULE_IDS.join(', ')}`)
  );
};
