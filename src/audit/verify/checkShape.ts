/** Whether a record has what its kind has and nothing else, and stands where it belongs. Source: avro/AuditRecord.avsc, and the fold that writes them. */
import type { AuditKind, AuditRecord } from '../../contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS, ORDER_INTENTS } from '../../contracts/topics';
import type { FoundRecord } from './foundRecord';
import type { Report } from './report';

type Part = 'intent' | 'facts' | 'decision' | 'execution' | 'control' | 'kill_switch' | 'duplicate' | 'note';
const PARTS: readonly Part[] = ['intent', 'facts', 'decision', 'execution', 'control', 'kill_switch', 'duplicate', 'note'];

/** What each kind has, and what it may have. */
const HAS: Readonly<Record<AuditKind, readonly Part[]>> = {
  DECISION: ['intent', 'decision'],
  EXECUTION: ['execution'],
  CONTROL: ['control'],
  KILL_SWITCH: ['kill_switch'],
  DUPLICATE: ['intent', 'duplicate'],
  REJECTED_INPUT: ['note'],
};
const MAY_HAVE: Readonly<Record<AuditKind, readonly Part[]>> = {
  DECISION: ['facts'],
  EXECUTION: ['note'],
  CONTROL: ['note'],
  KILL_SWITCH: ['control'],
  DUPLICATE: [],
  REJECTED_INPUT: ['execution', 'control'],
};

/** Answers whether the record can be looked at further. */
export const checkShape = (found: FoundRecord, report: Report): boolean => {
  const { record } = found;
  const has = HAS[record.kind];
  for (const part of PARTS) {
    if (record[part] === null ? !has.includes(part) : has.includes(part) || MAY_HAVE[record.kind].includes(part)) continue;
    const isThere = record[part] !== null;
    report('CONTENT', `a ${record.kind} ${isThere ? 'without' : 'with'} \`${part}\``, isThere ? 'one' : 'none');
    return false;
  }
  return checkParts(record, report) && checkPlace(found, report);
};

const checkParts = (record: AuditRecord, report: Report): boolean => {
  const { kind, input, kill_switch, control, execution } = record;
  const topic = topicOf(record);
  if (topic === undefined) {
    report('CONTENT', 'a refused control event or a refused execution event', control === null ? 'neither' : 'both');
    return false;
  }
  if (input.topic !== topic) {
    report('CONTENT', `a ${kind} that came of ${topic}`, input.topic);
    return false;
  }
  if (kill_switch !== null && (kill_switch.cause === 'OPERATOR') !== (control !== null)) {
    report(
      'CONTENT',
      `a kill switch by ${kill_switch.cause}, so ${control === null ? 'a' : 'no'} control event`,
      control === null ? 'none' : 'one',
    );
    return false;
  }
  if (execution !== null && execution.run_id !== record.run_id) {
    report('CONTENT', `an execution of run ${record.run_id}`, `one of run ${execution.run_id}`);
    return false;
  }
  return true;
};

/** Which input brings forth a record of this kind; undefined: none does. */
const topicOf = ({ kind, control, execution, kill_switch }: AuditRecord): string | undefined => {
  switch (kind) {
    case 'DECISION':
    case 'DUPLICATE':
      return ORDER_INTENTS;
    case 'EXECUTION':
      return EXECUTION_EVENTS;
    case 'CONTROL':
      return CONTROL_EVENTS;
    case 'KILL_SWITCH':
      return kill_switch?.cause === 'OPERATOR' ? CONTROL_EVENTS : ORDER_INTENTS;
    case 'REJECTED_INPUT':
      if ((control === null) === (execution === null)) return undefined;
      return control === null ? EXECUTION_EVENTS : CONTROL_EVENTS;
  }
};

/** The key, the time and the partition say nothing that the record does not say. */
const checkPlace = ({ record, key, timestamp, partition }: FoundRecord, report: Report): boolean => {
  if (key !== undefined) {
    const intentId = record.intent?.intent_id ?? record.execution?.intent_id ?? '';
    if (key.run_id !== record.run_id || key.intent_id !== intentId)
      report('KEY', `the key ${record.run_id} / ${intentId}`, `${key.run_id} / ${key.intent_id}`);
  }
  if (partition !== undefined && record.input.partition !== partition)
    report('KEY', `an input of partition ${partition}`, `one of partition ${record.input.partition}`);
  if (timestamp !== undefined && timestamp !== record.clock)
    report('CLOCK', `a record with the time of its clock, ${record.clock}`, String(timestamp));
  return true;
};
