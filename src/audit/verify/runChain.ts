/** One run's chain: each record must follow from the one before, to the last byte. Keeps the end of the chain, and what is known of the run. */
import { chainHash } from '../../contracts/chain';
import { hexOf } from '../../contracts/json/hex';
import type { AuditRecord, InputPositions, KillSwitchChange } from '../../contracts/messages';
import { checkControl } from './checkControl';
import { checkDecision } from './checkDecision';
import { checkClock, checkPositions } from './checkProgress';
import { checkSituation } from './checkSituation';
import { checkShape } from './checkShape';
import { firstDifference, shownValue } from './differences';
import type { FoundRecord } from './foundRecord';
import type { KnownPolicies } from './knownPolicies';
import { forgotten, unheardOf } from './knownRun';
import type { KnownRun } from './knownRun';
import type { Report } from './report';

const GENESIS: Uint8Array = new Uint8Array(32);

/** Where a chain goes on whose beginning is not in the log: its last record before it. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export class RunChain {
  records = 0;
  decisions = 0;
  /** Decisions that could be derived again. */
  derived = 0;
  faults = 0;
  firstSeq = -1;
  lastSeq: number;
  lastHash: Uint8Array;
  private known: KnownRun;
  private clock = 0;
  private positions: InputPositions | undefined;

  /** `after`: what is known of the records before. */
  constructor(
    readonly runId: string,
    readonly partition: number,
    after?: ChainEnd,
  ) {
    this.lastSeq = after?.seq ?? -1;
    this.lastHash = after?.hash ?? GENESIS;
    this.known = after === undefined ? unheardOf() : forgotten();
  }

  /** A trip of the kill switch that must follow, and has not. */
  get isOpen(): boolean {
    return this.known.due !== undefined && this.known.due !== 'unknown';
  }

  add(found: FoundRecord, policies: KnownPolicies, report: Report): void {
    const { record, hash } = found;
    this.records += 1;
    if (this.firstSeq === -1) this.firstSeq = record.seq;
    const before = this.lastSeq;
    this.lastSeq = record.seq;
    const last = this.lastHash;
    this.lastHash = hash;
    if (!this.checkLink(record, before, last, report)) this.forget();
    if (!checkHash(found, report)) return this.forget();
    const { status } = this.known;
    const isTrip = this.isTrip(record, report);
    if (found.single !== true) {
      checkClock(record, this.clock, status, report);
      checkPositions(record, this.positions, isTrip, report);
    }
    this.clock = record.clock;
    this.positions = record.positions;
    if (record.kind === 'DECISION') this.decisions += 1;
    if (!checkShape(found, report)) return this.forget();
    if (!isTrip) this.fold(found, policies, report);
    this.checkPolicy(record, policies, report);
  }

  /** How the record is linked to the one before. */
  private checkLink({ seq, prev_hash }: AuditRecord, before: number, last: Uint8Array, report: Report): boolean {
    if (seq !== before + 1) {
      const beginning = this.records === 1 ? '; the records before are missing: give the files in their order, or --after' : '';
      report('SEQUENCE', `seq ${before + 1}${beginning}`, `seq ${seq}`);
      return false;
    }
    if (Buffer.compare(prev_hash, last) === 0) return true;
    report('CHAIN', `prev_hash ${hexOf(last)}, the hash of seq ${before}`, hexOf(prev_hash));
    return false;
  }

  /** What cannot be trusted is nothing to judge the next records by: what they say is learned anew. */
  private forget(): void {
    this.known = forgotten();
    this.clock = 0;
    this.positions = undefined;
  }

  /** Whether the record is the trip that was due; where one was due and it is not that, or none was and it is one, the log is wrong. */
  private isTrip(record: AuditRecord, report: Report): boolean {
    const { due } = this.known;
    this.known.due = undefined;
    const { kill_switch } = record;
    const isTrip = record.kind === 'KILL_SWITCH' && kill_switch !== null && kill_switch.cause !== 'OPERATOR';
    if (isTrip) this.known.killSwitchActive = true;
    if (due === undefined && !isTrip) return false;
    if (due === 'unknown') return isTrip;
    if (due === undefined || !isTrip) {
      const expected = due === undefined ? 'no trip: none is due' : `the trip of the kill switch: ${due.change.reason}`;
      report('KILL_SWITCH', expected, isTrip ? kill_switch.reason : record.kind);
      this.known.killSwitchActive = isTrip;
      return isTrip;
    }
    const difference = firstDifference(tripOf(due.decided, due.change), tripOf(record, kill_switch), 'kill_switch');
    if (difference !== undefined) report('KILL_SWITCH', `${difference.path}: ${difference.expected}`, difference.found);
    return true;
  }

  private fold({ record, single, beside }: FoundRecord, policies: KnownPolicies, report: Report): void {
    const { intent, decision, control, duplicate } = record;
    if (single === true) this.known = { ...forgotten(), status: 'ACTIVE' };
    if (control !== null) return checkControl(this.known, record, control, policies, report);
    if (intent !== null && decision !== null) {
      this.takePolicy(record, policies);
      if (checkDecision(this.known, record, intent, decision, report)) this.derived += 1;
      if (beside !== undefined) checkSituation(record, intent, decision, beside, this.known.policy, report);
    } else if (duplicate !== null) {
      if (duplicate.decided_seq >= record.seq)
        report('CONTENT', `a decided_seq before ${record.seq}`, String(duplicate.decided_seq));
    } else {
      this.checkExecution(record, report);
    }
  }

  /** What a run says of an execution, as far as it follows from its status. */
  private checkExecution({ kind, note, run_id }: AuditRecord, report: Report): void {
    const { status } = this.known;
    const words = note?.split(', ') ?? [];
    const ended = `run \`${run_id}\` has ended: its positions are closed`;
    const isKnown =
      kind === 'REJECTED_INPUT'
        ? note === ended ||
          note === `the position after it is out of bounds (10^20 or more): correct the portfolio of run \`${run_id}\``
        : words.every((word, at) => (at === 0 && (word === 'unsolicited' || word === 'no change')) || word === AFTER_THE_END);
    if (!isKnown) return report('CONTENT', 'a note that the gate writes', shownValue(note));
    if (status === undefined) return;
    const saysEnded = note === ended || words.includes(AFTER_THE_END);
    const mayBeSilent = kind === 'REJECTED_INPUT' && note !== ended;
    if (saysEnded !== (status === 'ENDED') && !mayBeSilent)
      report('CONTENT', `a note of a run that ${status === 'ENDED' ? 'has ended' : 'has not ended'}`, shownValue(note));
  }

  /** A chain that is gone on with in its middle: the policy in force is the one that its records name. */
  private takePolicy({ policy_hash }: AuditRecord, policies: KnownPolicies): void {
    const { known } = this;
    if (known.policyHash === undefined) known.policyHash = policy_hash;
    if (known.policy === undefined && known.policyHash !== null) known.policy = policies.byHash(known.policyHash);
  }

  private checkPolicy({ policy_hash }: AuditRecord, policies: KnownPolicies, report: Report): void {
    const { known } = this;
    if (known.policyHash === undefined) {
      known.policyHash = policy_hash;
      known.policy = policy_hash === null ? undefined : policies.byHash(policy_hash);
    }
    const expected = known.policyHash;
    if (expected === policy_hash || (expected !== null && policy_hash !== null && Buffer.compare(expected, policy_hash) === 0))
      return;
    report('POLICY', `policy_hash ${shownValue(expected)}, of the policy in force`, shownValue(policy_hash));
    known.policyHash = undefined;
    known.policy = undefined;
  }
}

const checkHash = ({ record, hash, hashed }: FoundRecord, report: Report): boolean => {
  const ofBytes = chainHash(record.prev_hash, hashed);
  if (Buffer.compare(ofBytes, hash) === 0) return true;
  report('HASH', `hash ${hexOf(ofBytes)}, which is that of its bytes`, hexOf(hash));
  return false;
};

const AFTER_THE_END = 'after the run ended';

/** What a trip has of its decision, and its change. */
const tripOf = ({ input, clock, positions }: AuditRecord, change: KillSwitchChange) => ({ ...change, input, clock, positions });
