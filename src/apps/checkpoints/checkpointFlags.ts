/** What says how checkpoints are made: flags before the settings. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { KEYS, nameOf } from '../config/keys';
import type { Settings } from '../config/settings';
import { readSigningKeyFile } from './keyFiles';

export interface CheckpointFlags {
  readonly checkpointKey?: string;
  readonly checkpointEvery?: number;
  readonly checkpointInterval?: number;
  readonly checkpointFile?: string;
}

const MOST_RECORDS = 1_000_000_000;
const MOST_SECONDS = 86_400;

const wholeNumber =
  (most: number) =>
  (text: string): number => {
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`expected a whole number from 1 to ${most}`);
  };

/** `prefix`: where a command does other things as well, `checkpoint-`. */
export const withEveryOptions = (command: Command, prefix: 'checkpoint-' | ''): Command =>
  command
    .addOption(
      new Option(`--${prefix}every <records>`, 'a checkpoint after so many audit records of a shard (default: 10000)').argParser(
        wholeNumber(MOST_RECORDS),
      ),
    )
    .addOption(
      new Option(`--${prefix}interval <seconds>`, 'and of what there is, after so many seconds (default: 60)').argParser(
        wholeNumber(MOST_SECONDS),
      ),
    );

/** For a service that makes checkpoints beside what it does. */
export const withCheckpointOptions = (command: Command): Command =>
  withEveryOptions(
    command.option('--checkpoint-key <file>', 'sign checkpoints of the audit records with this key (embedded bus)'),
    'checkpoint-',
  ).option('--checkpoint-file <file>', 'add every checkpoint to this file, too');

export interface CheckpointPlan {
  readonly key: SigningKey;
  readonly everyRecords: number;
  readonly everySeconds: number;
  readonly file: string | undefined;
}

/** Undefined: no key is named. Rejects with a Failure where the key cannot be read. */
export const checkpointPlan = async (
  { checkpointKey, checkpointEvery, checkpointInterval, checkpointFile }: CheckpointFlags,
  { checkpoints }: Pick<Settings, 'checkpoints'>,
  flag = '--checkpoint-key',
): Promise<CheckpointPlan | undefined> => {
  const { keyFile } = checkpoints;
  const named =
    checkpointKey !== undefined
      ? { file: checkpointKey, setting: flag }
      : keyFile === undefined
        ? undefined
        : { file: keyFile, setting: nameOf(KEYS.checkpointKeyFile) };
  if (named === undefined) return undefined;
  return {
    key: await readSigningKeyFile(named.file, named.setting),
    everyRecords: checkpointEvery ?? checkpoints.everyRecords,
    everySeconds: checkpointInterval ?? checkpoints.everySeconds,
    file: checkpointFile ?? checkpoints.file,
  };
};
