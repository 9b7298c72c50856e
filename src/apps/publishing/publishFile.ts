import { stat } from 'node:fs/promises';
import { linesOf } from '../files';
import type { FileLine } from '../files';
import type { OpenBus } from '../records/onBus';
import type { Destination, LineForm } from './lineForms';
import { checkLines, publishLines } from './publishLines';
import type { Published, PublishOptions } from './publishLines';
import { keepsSendersTimes } from './recordTimes';
import { streamLines } from './streamLines';

/** The name that stands for standard input. */
const STANDARD_INPUT = '-';

export interface PublishFileOptions extends Pick<PublishOptions, 'onInvalid' | 'rate' | 'retrying'> {
  /** `total` is undefined where nobody knows how many will come. */
  readonly progress: (published: number, total: number | undefined) => void;
}

/**
 * A file's lines to the log. A file is read twice: unless bad lines may be passed over, all of it is checked before any of it is published. Of standard
 * input, or a pipe that stands for a file, that is not possible: there, what comes before a bad line is published.
 */
export const publishFile = async (
  { bus, codec, settings }: OpenBus,
  file: string,
  formFor: (destination: Destination) => LineForm,
  { onInvalid, rate, retrying, progress }: PublishFileOptions,
): Promise<Published> => {
  const form = formFor({ codec, shards: bus.shards, ownTimes: keepsSendersTimes(settings) });
  const live = file === STANDARD_INPUT || (await isPipe(file));
  const source = file === STANDARD_INPUT ? 'standard input' : file;
  const total = live || onInvalid !== undefined ? undefined : await checkLines(form, linesIn(file, form), source);
  return publishLines(bus, form, linesIn(file, form), {
    source,
    live,
    onInvalid,
    rate,
    retrying,
    published: (count) => progress(count, total),
  });
};

/** What is not there, or may not be looked at, is for the reader to refuse. */
const isPipe = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFIFO() || found.isCharacterDevice(),
    () => false,
  );

const linesIn = (file: string, { longestLine }: LineForm): AsyncIterable<FileLine> =>
  file === STANDARD_INPUT ? streamLines(process.stdin as AsyncIterable<Buffer>, longestLine) : linesOf(file, longestLine);
