/** The command line of the campaign. */
import { parseArgs } from 'node:util';
import type { Plan } from './plans';

export const HELP = `npm run campaign -- [options]     faults under load on a real Kafka broker, and what they leave behind (Java 17 and Maven)

  --seed N            chance; default: drawn, and printed
  --intents N         at least so many are published; default 20000
  --rate N            intents a second; default 150
  --kills N           SIGKILLs of processors and gateways; default 50
  --zombies N         processes paused until others took over, then woken; default 20
  --broker-kills N    default 5
  --broker-pauses N   longer than clients wait for an answer; default 3
  --lost-answers N    rounds in which answers of the broker are lost; default 8
  --rebalances N      rounds of processors that join and leave; default 5
  --poison N          rounds; default 3
  --shards N, --runs N, --processors N   default 4, 12, 3
  --bugs all|none|NAME[,NAME]            planted bugs to try; default all
  --only-bugs         no campaign on the intact program
  --json FILE         where the report goes; default: standard output
  --document          write the figures into docs/reliability.md
  --keep              leave the folder with the services' logs`;

export interface CampaignArguments extends Plan {
  readonly seed: number;
  readonly intents: number;
  readonly rate: number;
  readonly shards: number;
  readonly runs: number;
  readonly processors: number;
  readonly bugs: string;
  readonly onlyBugs: boolean;
  readonly json: string | undefined;
  readonly document: boolean;
  readonly keep: boolean;
}

/** Undefined: help was asked for. Throws an Error for what is no option. */
export const readArguments = (words: readonly string[]): CampaignArguments | undefined => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      ...{ seed: text, intents: text, rate: text, kills: text, zombies: text, shards: text, runs: text, processors: text },
      ...{
        'broker-kills': text,
        'broker-pauses': text,
        'lost-answers': text,
        rebalances: text,
        poison: text,
        bugs: text,
        json: text,
      },
      ...{
        'only-bugs': { type: 'boolean' },
        document: { type: 'boolean' },
        keep: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    },
  });
  if (values.help === true) return undefined;
  const number = (name: keyof typeof values, standard: number): number => {
    const given = values[name];
    if (given === undefined) return standard;
    if (typeof given !== 'string' || !/^\d{1,9}$/.test(given)) throw new Error(`--${name}: expected a whole number`);
    return Number(given);
  };
  return {
    ...{ seed: number('seed', Date.now() % 1_000_000), intents: number('intents', 20_000), rate: number('rate', 150) },
    ...{ kills: number('kills', 50), zombies: number('zombies', 20), brokerKills: number('broker-kills', 5) },
    ...{ brokerPauses: number('broker-pauses', 3), lostAnswers: number('lost-answers', 8), rebalances: number('rebalances', 5) },
    ...{
      poisonRounds: number('poison', 3),
      shards: number('shards', 4),
      runs: number('runs', 12),
      processors: number('processors', 3),
    },
    ...{ bugs: values.bugs ?? 'all', onlyBugs: values['only-bugs'] === true, json: values.json },
    ...{ document: values.document === true, keep: values.keep === true },
  };
};
