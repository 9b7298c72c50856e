/** `policygate replay --policy`: what another policy would have decided over the recorded traffic. */
import type { DecidedTwice } from '../../audit/whatIf/decidedTwice';
import { runEndsOf } from '../../audit/whatIf/runEnds';
import type { RunEnds } from '../../audit/whatIf/runEnds';
import { WhatIfTally } from '../../audit/whatIf/tally';
import { whatIf } from '../../audit/whatIf/whatIf';
import { AUDIT_RECORDS, partitionOf } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { Progress } from '../cli/io';
import type { Io } from '../cli/io';
import { Failure } from '../failure';
import { readPolicyFile } from '../files';
import type { Session } from '../session';
import { writingLines } from './jsonLinesFile';
import { refuseInput } from './ownFile';
import { changeLine, reportDocument } from './whatIfDocument';
import { MOST_SHOWN, reportPage } from './whatIfPage';

export interface WhatIfFlags {
  /** The other policy's file. */
  readonly policy: string;
  /** Only this run. */
  readonly run?: string | undefined;
  /** Where every changed decision is written, as JSONL. */
  readonly changes?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Prints the report; answers with the exit code: 0 no decision is another one, 1 some are. Rejects with a Failure or DivergenceError. */
export const replayWithPolicy = async ({ bus, codec }: Session, flags: WhatIfFlags, io: Io): Promise<number> => {
  const { run, changes, json = false } = flags;
  const { text, hash, warnings } = await readPolicyFile(flags.policy);
  for (const warning of warnings) io.err(`Warning: ${warning}\n`);
  if (changes !== undefined) await refuseInput('--changes', changes, [flags.policy, flags.dataDir]);
  const runs = run === undefined ? undefined : new Set([run]);
  const tally = new WhatIfTally();
  const ends: RunEnds[] = [];
  const first: DecidedTwice[] = [];
  const shards =
    run === undefined ? Array.from({ length: bus.shards }, (_, shard) => shard) : [partitionOf(Buffer.from(run), bus.shards)];
  const total = await auditRecords(bus, shards);
  const progress = new Progress(io, 'audit records');
  let done = 0;
  await writingLines(changes, async (file) => {
    const observer = {
      decided: (pair: DecidedTwice): void => {
        if (!tally.decided(pair)) return;
        if (first.length < MOST_SHOWN) first.push(pair);
        file?.add(changeLine(pair));
      },
      recorded: tally.recorded.bind(tally),
      other: tally.other.bind(tally),
      folded: (offset: number): void => progress.show(done + offset, total),
    };
    try {
      for (const partition of shards) {
        const end = await whatIf({ bus, codec, partition, policyText: text, runs, observer });
        ends.push(...runEndsOf(end, runs));
        done += await bus.endOffset(AUDIT_RECORDS, partition);
      }
    } finally {
      progress.end();
    }
  });
  if (run !== undefined && ends.length === 0) throw new Failure(`--run ${run}: no run of this id was started on this log`);
  ends.sort((a, b) => (a.runId < b.runId ? -1 : 1));
  const report = { policyFile: flags.policy, policyHash: hash, tally, ends };
  io.out(json ? `${reportDocument(report)}\n` : reportPage(report, first));
  return tally.changed === 0 ? 0 : 1;
};

const auditRecords = async (bus: Bus, shards: readonly number[]): Promise<number> => {
  let total = 0;
  for (const shard of shards) total += await bus.endOffset(AUDIT_RECORDS, shard);
  return total;
};
