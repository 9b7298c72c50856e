/** The audit and the execution JSONL of one run, as `policygate run` writes them, kept while the run goes on. */
import { AuditLog } from '../../audit/auditLog';
import { refold } from '../../audit/refold';
import { executionEventText } from '../../contracts/documents/writeDocument';
import { formatRfc3339 } from '../../contracts/timestamp';
import { EXECUTION_EVENTS, partitionOf } from '../../contracts/topics';
import type { Live } from '../live/live';
import type { LogFile } from '../logFile';
import { isInExecutionLog } from '../run/runJob';
import type { Logger } from '../service/logger';
import type { Session } from '../session';
import { LogFollower } from './logFollower';
import type { Pace } from './logFollower';

export interface RunLogsOptions extends Session {
  readonly auditLog: string | undefined;
  readonly execLog: string | undefined;
  readonly live: Live;
  readonly log: Logger;
}

export class RunLogs {
  private followers: readonly LogFollower[] = [];
  private unlisten: () => void = () => undefined;

  constructor(private readonly options: RunLogsOptions) {}

  /** Rejects with a Failure where a file cannot be one of ours. */
  async start(runId: string): Promise<void> {
    const { auditLog, execLog, live, log } = this.options;
    const followers: LogFollower[] = [];
    if (auditLog !== undefined)
      followers.push(
        await LogFollower.open({ file: auditLog, runId, log, pass: (file, pace) => this.auditPass(runId, file, pace) }),
      );
    if (execLog !== undefined)
      followers.push(
        await LogFollower.open({ file: execLog, runId, log, pass: (file, pace) => this.executionPass(runId, file, pace) }),
      );
    this.followers = followers;
    this.unlisten = live.listen({ recorded: () => followers.forEach((follower) => follower.look()) });
    for (const follower of followers) follower.start();
  }

  async stop(): Promise<void> {
    this.unlisten();
    await Promise.all(this.followers.map((follower) => follower.stop()));
  }

  private async auditPass(runId: string, file: LogFile, pace: Pace): Promise<void> {
    const { bus, codec, live } = this.options;
    // The market as of the run's beginning: when its prices were put on the log.
    const startedAt = live.run(runId)?.ledger.state.beginning.startedAt ?? 0;
    const audit = new AuditLog(file, runId, formatRfc3339(startedAt));
    const observer = {
      judged: audit.judged.bind(audit),
      priced: audit.priced.bind(audit),
      recorded: audit.recorded.bind(audit),
      committed: () => {
        audit.committed();
        file.flush();
      },
    };
    await refold({ bus, codec, partition: this.partitionOf(runId), observer, follow: pace });
  }

  private async executionPass(runId: string, file: LogFile, pace: Pace): Promise<void> {
    const { bus, codec } = this.options;
    const from = { topic: EXECUTION_EVENTS, partition: this.partitionOf(runId), offset: 0 } as const;
    const reader = await bus.reader([from]);
    try {
      do {
        const end = await bus.endOffset(from.topic, from.partition);
        while (reader.position(from.topic, from.partition) < end) {
          for (const { value, headers } of await reader.poll({ maxRecords: 500, maxWaitMs: 0 })) {
            const event = codec.decodeValue(EXECUTION_EVENTS, value);
            // What cannot be read is set aside by the processor, and no event of ours.
            if (!event.ok || event.value.run_id !== runId || !isInExecutionLog(event.value)) continue;
            file.add(executionEventText(event.value, headers.recorded_at ?? ''));
          }
          await pace.breathe();
        }
        file.commit();
        file.flush();
      } while (await pace.more());
    } finally {
      await reader.close();
    }
  }

  private partitionOf(runId: string): number {
    return partitionOf(Buffer.from(runId, 'utf8'), this.options.bus.shards);
  }
}
