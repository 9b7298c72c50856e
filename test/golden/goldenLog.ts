/** The golden logs, and what is looked at in one. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSession } from '../../src/apps/session';
import type { Session } from '../../src/apps/session';
import type { AuditRecord } from '../../src/contracts/messages';
import { AUDIT_RECORDS } from '../../src/contracts/topics';
import { recordsTo } from '../../src/processor/readTo';
import { command } from '../support/commands';

/** golden.json of a log. */
export interface GoldenLog {
  /** Of the engine that wrote it. */
  readonly version: string;
  readonly what: string;
  /** Of docs/log-versions.md, by number: in how many audit records replaying it now shows each. None: it replays byte for byte. */
  readonly changes: readonly { readonly number: number; readonly records: number }[];
  readonly runs: Readonly<Record<string, { readonly last_seq: number; readonly last_hash: string }>>;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly rules: Readonly<Record<string, number>>;
}

export const GOLDEN_LOGS = join(__dirname, 'logs');

export const goldenLogs = (): readonly GoldenLog[] =>
  readdirSync(GOLDEN_LOGS).map((name) => JSON.parse(readFileSync(join(GOLDEN_LOGS, name, 'golden.json'), 'utf8')) as GoldenLog);

/** The end of every chain, as `verify` finds it; throws unless the log is whole. */
export const verifiedRuns = async (directory: string): Promise<GoldenLog['runs']> => {
  const { code, stdout, stderr } = await command('verify', '--data-dir', directory, '--json');
  if (code !== 0) throw new Error(`verify: exit code ${code}: ${stderr}`);
  const report = JSON.parse(stdout) as { runs: readonly { run_id: string; last_seq: number; last_hash: string }[] };
  return Object.fromEntries(report.runs.map(({ run_id, last_seq, last_hash }) => [run_id, { last_seq, last_hash }]));
};

/** Works on the session of a data directory. */
export const inDirectory = async <T>(directory: string, work: (session: Session) => Promise<T>): Promise<T> => {
  const session = await openSession(directory);
  try {
    return await work(session);
  } finally {
    await session.bus.close();
  }
};

/** The audit records of a shard. */
export async function* auditsOf(
  { bus, codec }: Session,
  partition: number,
): AsyncGenerator<{ readonly record: AuditRecord; readonly offset: number }> {
  for await (const { value, offset } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
    const audit = codec.decodeAudit(value);
    if (!audit.ok) throw new Error(`${AUDIT_RECORDS}/${partition}@${offset}: ${audit.error.message}`);
    yield { record: audit.value.record, offset };
  }
}

export const whatIsRecorded = (directory: string): Promise<Pick<GoldenLog, 'version' | 'verdicts' | 'rules'>> =>
  inDirectory(directory, async (session) => {
    const versions = new Set<string>();
    const verdicts: Record<string, number> = {};
    const rules: Record<string, number> = {};
    for (let partition = 0; partition < session.bus.shards; partition += 1) {
      for await (const { record } of auditsOf(session, partition)) {
        versions.add(record.engine_version);
        if (record.decision === null) continue;
        verdicts[record.decision.decision] = (verdicts[record.decision.decision] ?? 0) + 1;
        for (const { rule_id } of record.decision.violations) rules[rule_id] = (rules[rule_id] ?? 0) + 1;
      }
    }
    const [version = 'none', ...others] = versions;
    if (others.length > 0) throw new Error(`written by several versions: ${[...versions].join(', ')}`);
    const sorted = (counts: Record<string, number>): Record<string, number> => Object.fromEntries(Object.entries(counts).sort());
    return { version, verdicts: sorted(verdicts), rules: sorted(rules) };
  });
