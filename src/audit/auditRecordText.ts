/**
 * Audit records as JSON, with all that it takes to make their bytes and hashes again. What follows from the record before in the chain is left
 * out: `prev_hash` is its hash; `engine_version` and `policy_hash` stand where they change; an execution's `run_id` is the chain's, its `policy_hash`
 * stands where it is not the record's.
 */
import { controlText } from '../contracts/documents/controlEvents';
import {
  digestText,
  duplicateText,
  executionText,
  inputText,
  killSwitchText,
  positionsText,
  sameDigest,
} from '../contracts/documents/recordTexts';
import { orderIntentText } from '../contracts/documents/writeDocument';
import { jsonString } from '../contracts/json/write';
import type { AuditRecord } from '../contracts/messages';

/** What of the record before in the chain is not said again. */
export type SaidBefore = Pick<AuditRecord, 'engine_version' | 'policy_hash'>;

/** One record of another kind than DECISION; `before`: the one before it in the chain. What is null is left out. */
export const auditRecordText = (record: AuditRecord, hash: Uint8Array, before: SaidBefore | undefined): string => {
  const { execution, control, kill_switch, duplicate, intent, note, policy_hash } = record;
  return (
    `{"clock":${record.clock}${control === null ? '' : `,"control":${controlText(control)}`}` +
    (duplicate === null ? '' : `,"duplicate":${duplicateText(duplicate)}`) +
    (record.engine_version === before?.engine_version ? '' : `,"engine_version":${jsonString(record.engine_version)}`) +
    `${execution === null ? '' : `,"execution":${executionText(execution, record)}`},"hash":${digestText(hash)},"input":${inputText(record.input)}` +
    (intent === null ? '' : `,"intent":${orderIntentText(intent)}`) +
    (kill_switch === null ? '' : `,"kill_switch":${killSwitchText(kill_switch)}`) +
    `,"kind":"${record.kind}"${note === null ? '' : `,"note":${jsonString(note)}`}` +
    (policy_hash === null || sameDigest(policy_hash, before?.policy_hash) ? '' : `,"policy_hash":${digestText(policy_hash)}`) +
    `,"positions":${positionsText(record.positions)},"seq":${record.seq}}`
  );
};
