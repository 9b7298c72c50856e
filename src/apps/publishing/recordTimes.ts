import { parseRfc3339 } from '../../contracts/timestamp';
import type { Settings } from '../config/settings';
import { Failure } from '../failure';

/**
 * Whether a record keeps the time that its sender gives it. A broker with LogAppendTime stamps it anew, and no sender can date an order back; on the
 * embedded bus nobody stamps, so that the documents' own times count, as in `policygate run`.
 */
export const keepsSendersTimes = ({ bus, kafka }: Settings): boolean =>
  bus === 'embedded' || kafka.inputTimestamps === 'CreateTime';

/** The time of `--at`, or of the option that `name` is, in ms since 1970; without it `standard`. */
export const timeOption = (at: string | undefined, standard: number, name = '--at'): number => {
  if (at === undefined) return standard;
  const time = parseRfc3339(at);
  if (time === undefined) throw new Failure(`${name} ${at}: expected RFC 3339 in UTC such as 2026-02-24T09:30:01Z`);
  return time;
};
