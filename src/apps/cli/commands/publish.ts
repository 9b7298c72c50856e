import type { Command } from 'commander';
import { canonicalJson } from '../../../contracts/json/write';
import type { BusFlags } from '../../config/settings';
import { withBusOptions } from '../../connection';
import { Failure } from '../../failure';
import { runOption } from '../../publishing/controlCommand';
import { controlLines, intentLines, priceLines } from '../../publishing/lineForms';
import type { Destination, LineForm } from '../../publishing/lineForms';
import { publishFile } from '../../publishing/publishFile';
import type { Published } from '../../publishing/publishLines';
import { onBus } from '../../records/onBus';
import { Progress } from '../io';
import type { Io } from '../io';

interface PublishFlags extends BusFlags {
  readonly run?: string;
  readonly skipInvalid?: boolean;
  readonly rate?: string;
}

const FORMS = `
A file is checked from its first to its last line before anything of it is published; of standard input (\`-\`) what comes before a bad line is
published. If the bus fails on the way, the same records are published again: an intent that is on the log twice is decided once.`;

/** `policygate publish intents|prices|control`: lines of JSON to the log. Prints a summary. */
export const publishCommand = (parent: Command, io: Io): void => {
  const publish = parent
    .command('publish')
    .description('Put order intents, prices or control events on the log.')
    .addHelpText(
      'after',
      `
Examples:
  policygate publish intents scenarios/demo/intents.jsonl --run r-1 --data-dir ./data
  policygate publish prices prices.jsonl --bus kafka`,
    );
  const form = (name: string, description: string, example: string): Command =>
    withBusOptions(publish.command(name))
      .description(description)
      .argument('<file>', 'JSONL, one a line; `-` is standard input')
      .option('--skip-invalid', 'report broken lines and go on without them')
      .option('--rate <number>', 'publish at most so many a second')
      .addHelpText('after', `${FORMS}\n\nExamples:\n  ${example}`);
  form(
    'intents',
    'Order intents of one run.',
    'policygate publish intents scenarios/demo/intents.jsonl --run r-1 --data-dir ./data',
  )
    .option('--run <id>', 'the run that they belong to')
    .action((file: string, flags: PublishFlags) => {
      if (flags.run === undefined) throw new Failure('--run is missing; expected the id of the run that the intents belong to');
      const runId = runOption(flags.run);
      return publishFrom(file, flags, (destination) => intentLines(destination, runId), io);
    });
  form(
    'prices',
    'Prices, to every shard: {"symbol", "price"}, where null withdraws a price, or a MarketSnapshot a line.',
    'policygate publish prices scenarios/demo/market.json --data-dir ./data',
  ).action((file: string, flags: PublishFlags) => publishFrom(file, flags, priceLines, io));
  form(
    'control',
    'Control events: {"run_id", "type", "actor", "reason"} and the fields of the type; run_id `*` is every run.',
    'policygate publish control control.jsonl --data-dir ./data',
  ).action((file: string, flags: PublishFlags) => publishFrom(file, flags, controlLines, io));
};

const publishFrom = async (
  file: string,
  flags: PublishFlags,
  formFor: (destination: Destination) => LineForm,
  io: Io,
): Promise<void> => {
  const rate = rateOf(flags.rate);
  const warn = (warning: string): void => io.err(`Warning: ${warning}\n`);
  await onBus(flags, warn, async (open) => {
    const progress = new Progress(io, 'published');
    try {
      const published = await publishFile(open, file, formFor, {
        onInvalid: flags.skipInvalid === true ? (error) => warn(`skipped ${error}`) : undefined,
        rate,
        retrying: (error) => warn(`${error.message}; publishing the same again`),
        progress: (done, total) => progress.show(done, total ?? done),
      });
      progress.end();
      io.out(`${summaryOf(published)}\n`);
    } finally {
      progress.end();
    }
  });
};

const summaryOf = ({ partitions, published, skipped, topic }: Published): string =>
  canonicalJson({
    partitions: new Map([...partitions].map(([partition, count]) => [String(partition), count])),
    published,
    skipped,
    topic,
  });

const rateOf = (rate: string | undefined): number | undefined => {
  if (rate === undefined) return undefined;
  const number = /^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(rate) ? Number(rate) : 0;
  if (number === 0) throw new Failure(`--rate ${rate}: expected a number above zero, of how many a second`);
  return number;
};
