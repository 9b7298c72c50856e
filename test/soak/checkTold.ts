/** What senders were told, beside the log: each intent that was taken has one decision, and it is the one that they were told. */
import type { Codec } from '../../src/contracts/avro/codec';
import { AUDIT_RECORDS } from '../../src/contracts/topics';
import type { Bus } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import type { Told } from './strategies';

export interface ToldChecked {
  readonly findings: readonly string[];
  readonly auditRecords: number;
  readonly decisions: number;
}

const TOLD_AT_MOST = 4;

export const checkTold = async (bus: Bus, codec: Codec, told: ReadonlyMap<string, Told>): Promise<ToldChecked> => {
  const decided = new Map<string, string[]>();
  const ended = new Set<string>();
  const faults: Record<string, string[]> = { 'decided twice': [], 'never decided': [], 'decided otherwise': [], unreadable: [] };
  let auditRecords = 0;
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
      auditRecords += 1;
      const audit = codec.decodeAudit(value);
      if (!audit.ok) {
        faults.unreadable?.push(`audit record ${partition}/${offset}`);
        continue;
      }
      const { decision, intent, control, run_id } = audit.value.record;
      if (control?.payload.type === 'RunEnded') ended.add(run_id);
      if (decision === null || intent === null) continue;
      const name = `${run_id}/${intent.intent_id}`;
      const before = decided.get(name);
      if (before === undefined) decided.set(name, [decision.decision]);
      else before.push(decision.decision);
      // A run that has ended remembers nothing, and denies whatever comes.
      if (before !== undefined && !(ended.has(run_id) && decision.decision === 'DENY')) faults['decided twice']?.push(name);
    }
  for (const [name, verdict] of told) {
    const verdicts = decided.get(name);
    if (verdicts === undefined) faults['never decided']?.push(name);
    else if (verdict !== 'pending' && !verdicts.includes(verdict))
      faults['decided otherwise']?.push(`${name}: ${verdicts.join(', ')}, told ${verdict}`);
  }
  const findings = Object.entries(faults).flatMap(([what, names]) =>
    names.length === 0 ? [] : [`${names.length} intents ${what}: ${names.slice(0, TOLD_AT_MOST).join('; ')}`],
  );
  return { findings, auditRecords, decisions: decided.size };
};
