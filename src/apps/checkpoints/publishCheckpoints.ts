/** `policygate checkpoint publish`: signs what there is, or follows the log and signs again and again. */
import { CheckpointError } from '../../audit/checkpoint/checkpointError';
import type { SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { makeCheckpoints } from '../../audit/checkpoint/makeCheckpoints';
import type { AuditCheckpoint } from '../../contracts/messages';
import { BusError } from '../../processor/bus';
import { lineOf } from '../failure';
import type { OpenBus } from '../records/onBus';
import { Backoff, pause } from '../service/backoff';
import { CheckpointFile } from './checkpointFile';

export interface PublishOptions {
  readonly key: SigningKey;
  readonly everyRecords: number;
  readonly everySeconds: number;
  /** Undefined: on the topic only. */
  readonly file: string | undefined;
  readonly follow: boolean;
  /** Compare the whole log with the last checkpoint first. */
  readonly recheck: boolean;
  /** Told when all is compared, before anything is signed: from now on `stop` is heeded. */
  readonly onStarted: () => void;
  readonly onPublished: (checkpoint: AuditCheckpoint, shard: number) => void;
  readonly onRead: (records: number) => void;
  readonly warn: (line: string) => void;
}

const LEAST_BACKOFF_MS = 500;
const MOST_BACKOFF_MS = 30_000;

/** Rejects with a CheckpointError, a Failure or a BusError; while it follows, a bus that may come back is waited for. */
export const publishCheckpoints = async ({ bus, codec }: OpenBus, options: PublishOptions, stop: AbortSignal): Promise<void> => {
  const { key, everyRecords, everySeconds, follow, recheck, onStarted, onRead, warn } = options;
  const file = options.file === undefined ? undefined : await CheckpointFile.open(options.file, key);
  const backoff = new Backoff(LEAST_BACKOFF_MS, MOST_BACKOFF_MS);
  try {
    for (;;) {
      try {
        const onPublished = (checkpoint: AuditCheckpoint, shard: number): void => {
          backoff.reset();
          options.onPublished(checkpoint, shard);
        };
        const every = { everyRecords: follow ? everyRecords : Infinity, everyMs: follow ? everySeconds * 1_000 : Infinity };
        const told = { onStarted, onPublished, onRead };
        const making = { bus, codec, key, now: Date.now, untilEnd: !follow, recheck, copy: file, ...told, ...every };
        await makeCheckpoints(making, stop);
        return;
      } catch (error) {
        if (!follow || stop.aborted || !(error instanceof BusError) || !error.retryable) throw error;
        warn(`${lineOf(error)}; trying again`);
        await pause(backoff.nextMs(), stop);
      }
    }
  } finally {
    file?.close();
  }
};

/** A log that contradicts what was signed is a finding; everything else is a command that could not run. */
export const isFinding = (error: unknown): boolean => error instanceof CheckpointError && error.about === 'log';
