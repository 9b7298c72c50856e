/** Folds shards again, as the flags of `policygate replay` ask for it. */
import { replayShard } from '../../audit/replay/replayShard';
import type { Moment, ShardReport } from '../../audit/replay/replayShard';
import { formatRfc3339, parseRfc3339 } from '../../contracts/timestamp';
import { partialOf } from '../../bus/embedded/embeddedBus';
import { AUDIT_RECORDS, partitionOf } from '../../contracts/topics';
import type { Bus } from '../../processor/bus';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import type { Session } from '../session';

export interface ReplayRequest {
  readonly run?: string | undefined;
  readonly shard?: number | undefined;
  readonly until?: Moment | undefined;
  readonly stateAt?: Moment | undefined;
  /** How long a commit may take to show on all topics; zero where nobody writes meanwhile. */
  readonly settleMs: number;
}

/** A number of a record of the run, or a time. Throws a Failure. */
export const momentOf = (flag: string, text: string, run: string | undefined): Moment => {
  if (/^[0-9]{1,15}$/.test(text)) {
    if (run === undefined) throw new Failure(`--${flag} ${text}: a seq is one of a run; give --run`);
    return { seq: Number(text) };
  }
  const time = parseRfc3339(text);
  if (time === undefined)
    throw new Failure(`--${flag} ${text}: expected the seq of an audit record, or a time such as 2026-02-24T09:30:00Z`);
  return { time };
};

/** What a part of a log would give when it is folded is not what is on it. Throws a Failure. */
export const checkWhole = (bus: Bus, dataDir: string | undefined): void => {
  const part = partialOf(bus);
  if (part !== undefined)
    throw new Failure(
      `${dataDir ?? 'the log'}: a partial import (${part}): it can be verified, not replayed; import a whole export`,
    );
};

/** One report per shard. Rejects with a Failure where there is no such run, record or shard. */
export const replayLog = async (
  { bus, codec }: Session,
  request: ReplayRequest,
  progress: (done: number, total: number) => void,
): Promise<readonly ShardReport[]> => {
  const { run, until, settleMs } = request;
  const partitions = partitionsOf(bus.shards, request);
  const portraitAt = await portraitSeq({ bus, codec }, request, partitions[0] ?? 0);
  let total = 0;
  for (const partition of partitions) total += await bus.endOffset(AUDIT_RECORDS, partition);
  let done = 0;
  const reports: ShardReport[] = [];
  for (const partition of partitions) {
    const show = (read: number): void => progress(done + read, total);
    const report = await replayShard({ bus, codec, partition, run, until, portraitAt, settleMs, progress: show });
    checkReached(request, report, portraitAt);
    reports.push(report);
    done += await bus.endOffset(AUDIT_RECORDS, partition);
  }
  return reports;
};

const partitionsOf = (shards: number, { run, shard }: ReplayRequest): readonly number[] => {
  if (shard !== undefined && shard >= shards)
    throw new Failure(`--shard ${shard}: the log has ${shards}, from 0 to ${shards - 1}`);
  if (shard !== undefined) return [shard];
  if (run !== undefined) return [partitionOf(Buffer.from(run, 'utf8'), shards)];
  return Array.from({ length: shards }, (_, number) => number);
};

/** The last record of the run that is not later. */
const portraitSeq = async (
  { bus, codec }: Session,
  { run, stateAt }: ReplayRequest,
  partition: number,
): Promise<number | undefined> => {
  if (stateAt === undefined) return undefined;
  if ('seq' in stateAt) return stateAt.seq;
  let last: number | undefined;
  for await (const { value } of recordsTo(bus, { topic: AUDIT_RECORDS, partition, offset: 0 })) {
    const head = codec.decodeAuditHead(value);
    // What cannot be read is a difference, which the replay finds.
    if (!head.ok || head.value.run_id !== run) continue;
    if (head.value.clock > stateAt.time) break;
    last = head.value.seq;
  }
  if (last === undefined) {
    const time = formatRfc3339(stateAt.time);
    throw new Failure(`--state-at ${time}: shard ${partition} has no record of run \`${run ?? ''}\` up to then`);
  }
  return last;
};

const checkReached = ({ run, until }: ReplayRequest, report: ShardReport, portraitAt: number | undefined): void => {
  const { difference, last, partition } = report;
  if (run === undefined || difference !== undefined) return;
  if (last === undefined) throw new Failure(`--run ${run}: shard ${partition} has no record of it; see \`policygate runs list\``);
  const seq = portraitAt ?? (until !== undefined && 'seq' in until ? until.seq : 0);
  if (seq > last.seq)
    throw new Failure(
      `${portraitAt === undefined ? '--until' : '--state-at'} ${seq}: the last record of run \`${run}\` is seq ${last.seq}`,
    );
};
