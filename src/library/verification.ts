/** Proofs for those who hold an export, an audit log or the evidence of one decision, and a public key. The commands `verify` and `verify --evidence` are the same code. */
import { verifyLog } from '../apps/auditing/verifyLog';
import { Failure } from '../apps/failure';
import { isWhole } from '../apps/auditing/verifyTexts';
import { readPublicKey } from '../audit/checkpoint/checkpointKeys';
import { readEvidence } from '../audit/evidence/evidence';
import { verifyEvidence } from '../audit/evidence/verifyEvidence';
import type { AuditRecord, Decision, OrderIntent } from '../contracts/messages';
import type { CapitalPolicy } from '../contracts/policy';
import type { Result } from '../contracts/result';
import { failed, succeeded } from '../contracts/result';
import { checkLogToVerify, inOptionWords } from './logToVerify';
import { nameOf } from './options';

/** What a log is verified by. The names are paths of files. */
export interface LogToVerify {
  /** One export directory; or files: the JSONL of `run` and `serve`, files of an export. */
  readonly audit: readonly string[];
  /** Policies whose text the log does not hold. */
  readonly policies?: readonly string[];
  /** Only this run is looked at. */
  readonly run?: string;
  /** Signed checkpoints, and the key that they were signed with: with them nothing can be missing at the end either. */
  readonly checkpoints?: readonly string[];
  readonly publicKey?: string;
  /** Your word that the run is the only one of its shard: what it takes to hold the JSONL of a run against a checkpoint. */
  readonly onlyRun?: boolean;
}

/** What was found. */
export interface LogVerification {
  /** No fault was found. Read `warnings` too: they say what could not be proven. */
  readonly ok: boolean;
  /** No fault, and every record is linked to the one before it. */
  readonly whole: boolean;
  readonly records: number;
  readonly decisions: number;
  /** Decisions that were made again from their facts and policy, with the same result. */
  readonly derived: number;
  readonly runs: readonly VerifiedRun[];
  readonly faults: number;
  readonly firstFault: LogFault | undefined;
  readonly warnings: readonly string[];
}

/** A run whose records were verified. */
export interface VerifiedRun {
  readonly run_id: string;
  /** Its shard. */
  readonly partition: number;
  readonly records: number;
  readonly decisions: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Of the last record, in hexadecimal digits: keep it where the log's owner cannot write. */
  readonly last_hash: string;
  readonly faults: number;
}

/** What is wrong with a log, and where. */
export interface LogFault {
  /** A kind of the table in docs/commands.md. */
  readonly kind: string;
  readonly where: string;
  /** Null: it is about no run, or none that can be told. */
  readonly run_id: string | null;
  readonly seq: number | null;
  readonly expected: string;
  readonly found: string;
}

/** A decision that is proven: it stood on the signed log, and follows from its facts and policy. */
export interface ProvenDecision {
  /** The checkpoint that covers it: a tree over `size` records of one shard, signed under `name` at `madeAt` (ms since 1970). */
  readonly checkpoint: { readonly name: string; readonly shard: number; readonly size: number; readonly madeAt: number };
  readonly record: AuditRecord;
  readonly intent: OrderIntent;
  readonly decision: Decision;
  /** Undefined: none was in force. */
  readonly policy: CapitalPolicy | undefined;
}

/**
 * Verifies an audit log: chains, decisions, and, with checkpoints, that nothing is missing. A damaged log is a finding; rejects with a `Failure` of one line where there is nothing
 * to look at, or what was passed names no log.
 */
export const verifyAuditLog = async (log: LogToVerify): Promise<LogVerification> => {
  checkLogToVerify(log);
  const { audit, policies, run, checkpoints, publicKey, onlyRun } = log;
  const found = await verifyLog(
    {
      audit,
      ...(policies === undefined ? {} : { policy: policies }),
      ...(run === undefined ? {} : { run }),
      ...(checkpoints === undefined ? {} : { checkpoint: checkpoints }),
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(onlyRun === undefined ? {} : { onlyRun }),
    },
    { out: ignore, err: ignore, interactive: false },
  ).catch((error: unknown) => {
    throw error instanceof Failure ? new Failure(inOptionWords(error.message)) : error;
  });
  const { records, decisions, derived, runs, faults, warnings } = found;
  const ok = faults.total === 0;
  return {
    ok,
    whole: isWhole(found),
    records,
    decisions,
    derived,
    runs,
    faults: faults.total,
    firstFault: faults.first,
    warnings: warnings.map(inOptionWords),
  };
};

const ignore = (): void => undefined;

/**
 * Verifies the evidence of one decision: `evidence` is the text of the file that `policygate prove` writes, `publicKey` the text of the key's file (PEM, or a verifier
 * key in one line). What is proven; else the first step that fails, in one line. Never throws.
 */
export const verifyDecision = (evidence: string | Uint8Array, publicKey: string): Result<ProvenDecision, string> => {
  const given: readonly [unknown, unknown] = [publicKey, evidence];
  if (typeof given[0] !== 'string') return failed(`public key: expected the text of its file, found ${nameOf(given[0])}`);
  if (typeof given[1] !== 'string' && !(given[1] instanceof Uint8Array))
    return failed(`evidence: expected the text of its file, or its bytes, found ${nameOf(given[1])}`);
  const key = readPublicKey(publicKey);
  if (!key.ok) return failed(`public key: ${key.error}`);
  const read = readEvidence(evidence);
  if (!read.ok) return failed(`evidence: ${read.error}`);
  const proven = verifyEvidence(read.value, key.value);
  if (!proven.ok) return proven;
  const { head, record, intent, decision, policy } = proven.value;
  const { name, shard, size, madeAt } = head;
  return succeeded({ checkpoint: { name, shard, size, madeAt }, record, intent, decision, policy });
};
