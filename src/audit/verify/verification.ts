/**
 * Verifies audit records as they come: each run's chain, every decision, and, with checkpoints, that nothing of the log is missing. Goes on behind a
 * fault. What is kept does not grow with the records: the end of each chain, what is known of each run that has not ended, a few policies.
 * Source: design, "Audit".
 */
import { hexOf } from '../../contracts/json/hex';
import type { InputPositions } from '../../contracts/messages';
import type { ActivePolicy } from '../../domain/state';
import { counted } from './counted';
import { FaultTally } from './faults';
import type { Fault } from './faults';
import type { FaultyRecord, FoundRecord } from './foundRecord';
import { isFaulty } from './foundRecord';
import { KnownPolicies } from './knownPolicies';
import { checkPositions } from './checkProgress';
import { RunChain } from './runChain';
import type { ChainEnd } from './runChain';
import type { Report } from './report';
import { TreeHeads } from './treeHeads';
import type { GivenHead } from './treeHeads';

export interface VerificationOptions {
  /** For what the log carries no text of. */
  readonly policies?: readonly ActivePolicy[];
  /** Only this run; checkpoints still cover all. */
  readonly run?: string;
  /** By run id: where its chain goes on in this log, when it does not begin there. */
  readonly after?: ReadonlyMap<string, ChainEnd>;
  readonly heads?: readonly GivenHead[];
  /** Whether all records of a shard come in their order: not so in files of single runs. */
  readonly inOrderOfShard?: boolean;
  /** Whether the log ends with a decision, even if its trip or its execution follows, as the JSONL of a run does. */
  readonly endsWithDecision?: boolean;
}

export interface VerifiedRun {
  readonly run_id: string;
  readonly partition: number;
  readonly records: number;
  readonly decisions: number;
  readonly first_seq: number;
  readonly last_seq: number;
  /** Of the last record, in hexadecimal digits. */
  readonly last_hash: string;
  readonly faults: number;
}

export interface Verified {
  readonly records: number;
  /** Of these, evaluations that belong to no run: nothing links one to the next. */
  readonly singles: number;
  readonly decisions: number;
  /** Of these, derived again. */
  readonly derived: number;
  readonly runs: readonly VerifiedRun[];
  readonly faults: FaultTally;
  /** What cannot be proven. */
  readonly warnings: readonly string[];
}

/** Policies that are missing are counted, the first so many by their hash. */
const MOST_MISSING = 32;

export class Verification {
  private readonly faults = new FaultTally();
  private readonly policies: KnownPolicies;
  private readonly heads: TreeHeads;
  /** By partition and run. A run that was sent to another shard has a chain there, of denials. */
  private readonly chains = new Map<number, Map<string, RunChain>>();
  private readonly positions = new Map<number, InputPositions>();
  private readonly missing = new Map<string, number>();
  private records = 0;
  private singles = 0;
  private decisions = 0;
  private derived = 0;

  constructor(private readonly options: VerificationOptions = {}) {
    this.policies = new KnownPolicies(options.policies ?? []);
    this.heads = new TreeHeads(options.heads ?? [], (fault) => this.faults.add(fault));
  }

  get counted(): number {
    return this.records;
  }

  add(found: FoundRecord | FaultyRecord): void {
    if (isFaulty(found)) {
      const { kind, where, expected, found: what } = found;
      return this.fault({ kind, where, run_id: null, seq: null, expected, found: what });
    }
    const { record, hash } = found;
    const partition = found.partition ?? record.input.partition;
    if (found.single !== true) this.heads.add(partition, hash);
    const { run } = this.options;
    if (run !== undefined && record.run_id !== run) return;
    this.records += 1;
    if (found.single === true) this.singles += 1;
    const chain = found.single === true ? new RunChain(record.run_id, partition) : this.chainOf(record.run_id, partition);
    const before = this.faults.total;
    const report: Report = (kind, expected, what) => {
      chain.faults += 1;
      this.fault({ kind, where: found.where, run_id: record.run_id, seq: record.seq, expected, found: what });
    };
    const { decisions, derived } = chain;
    chain.add(found, this.policies, report);
    const isSound = this.faults.total === before;
    if (isSound && found.partition !== undefined && this.options.inOrderOfShard === true)
      this.checkShard(found.partition, found, report);
    this.decisions += chain.decisions - decisions;
    this.derived += chain.derived - derived;
    const isDerived = chain.decisions - decisions === chain.derived - derived;
    if (isSound && !isDerived && record.policy_hash !== null) this.miss(hexOf(record.policy_hash));
  }

  /** A fault of what stands around the records, such as a line of a file. */
  fault(fault: Fault): void {
    this.faults.add(fault);
  }

  /** The log has ended. */
  end(): Verified {
    const unproven = this.heads.end(this.options.endsWithDecision === true);
    const runs = [...this.chains.values()].flatMap((chains) => [...chains.values()]).filter(({ records }) => records > 0);
    if (this.options.endsWithDecision !== true) for (const chain of runs) if (chain.isOpen) this.tripIsMissing(chain);
    return {
      records: this.records,
      singles: this.singles,
      decisions: this.decisions,
      derived: this.derived,
      runs: runs.map(verifiedRun),
      faults: this.faults,
      warnings: [...unproven, ...this.warnings(runs)],
    };
  }

  private chainOf(runId: string, partition: number): RunChain {
    let ofPartition = this.chains.get(partition);
    if (ofPartition === undefined) {
      ofPartition = new Map();
      this.chains.set(partition, ofPartition);
    }
    let chain = ofPartition.get(runId);
    if (chain === undefined) {
      chain = new RunChain(runId, partition, this.options.after?.get(runId));
      ofPartition.set(runId, chain);
    }
    return chain;
  }

  /** The positions are the shard's: they go forward from run to run. What is faulty by itself is passed over. */
  private checkShard(partition: number, { record }: FoundRecord, report: Report): void {
    checkPositions(record, this.positions.get(partition), true, report);
    this.positions.set(partition, record.positions);
  }

  private miss(hash: string): void {
    if (this.missing.has(hash) || this.missing.size < MOST_MISSING) this.missing.set(hash, (this.missing.get(hash) ?? 0) + 1);
  }

  private tripIsMissing({ runId, lastSeq, partition }: RunChain): void {
    this.fault({
      kind: 'KILL_SWITCH',
      where: `the end of shard ${partition}`,
      run_id: runId,
      seq: lastSeq,
      expected: 'the trip of the kill switch that was committed with the decision',
      found: 'the end of the log',
    });
  }

  private warnings(runs: readonly RunChain[]): readonly string[] {
    const warnings = [...this.missing].map(
      ([hash, decisions]) =>
        `${counted(decisions, 'decision')} ${decisions === 1 ? 'was' : 'were'} not derived again: the text of policy ${hash} is not in the log; give it with --policy`,
    );
    if (this.singles > 0)
      warnings.push(
        `${counted(this.singles, 'single evaluation')}: each is proven by itself; that none was dropped, doubled or reordered cannot be proven`,
      );
    for (const [runId, { seq }] of this.options.after ?? []) {
      if (!runs.some((chain) => chain.runId === runId))
        warnings.push(`--after names run ${runId}, of which the log has no record`);
      else
        warnings.push(
          `run ${runId} goes on behind seq ${seq}: what came before is not proven; its policy and kill switch are as its records say`,
        );
    }
    return warnings;
  }
}

const verifiedRun = ({ runId, partition, records, decisions, firstSeq, lastSeq, lastHash, faults }: RunChain): VerifiedRun => ({
  run_id: runId,
  partition,
  records,
  decisions,
  first_seq: firstSeq,
  last_seq: lastSeq,
  last_hash: hexOf(lastHash),
  faults,
});

export type { ChainEnd, GivenHead };
