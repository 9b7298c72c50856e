/**
 * POST /intent from 1, 100 and 1,000 clients, each intent another one: `policygate serve` on the embedded bus and on Kafka, with durable commits, and
 * beside it the first program's server, where POLICYGATE_FIRST_SERVE names it. The load comes from a process of its own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { messageOf } from './child';
import { HTTP_LOAD } from './httpIntakeLoad';
import type { LoadResult, LoadTask } from './httpIntakeLoad';
import { FIRST_PROGRAM, serveEmbedded, serveFirst, serveKafka, startFiles, SYMBOLS } from './httpIntakeServers';
import type { RunningServer } from './httpIntakeServers';
import { kafkaMissing, openCluster } from './kafkaCluster';
import { percentile, spread } from './measure';

const CLIENTS = [1, 100, 1_000] as const;
type Clients = (typeof CLIENTS)[number];
/** Goal: so many times the first program's requests a second. */
const TIMES = 10;
const WARM_UP_CLIENTS = 100;

export const httpIntakeBenchmark: Benchmark = {
  name: 'http',
  what: 'POST /intent from 1, 100 and 1,000 clients, decided and durable; beside it the first program’s server',
  run: async (setting) => {
    const directory = join(setting.directory, 'http');
    mkdirSync(directory, { recursive: true });
    const files = startFiles(directory);
    const figures: Figure[] = [];
    const first = new Map<Clients, number>();
    if (FIRST_PROGRAM === '')
      progress('the first program is left out: POLICYGATE_FIRST_SERVE does not name its policygate-serve');
    else
      for (const clients of CLIENTS) {
        const rounds = await onFirst(files, directory, clients, setting);
        first.set(clients, middle(rounds).perSecond);
        figures.push(...figuresOf('first program', clients, rounds));
      }
    let number = 0;
    for (const clients of CLIENTS) {
      const server = (): Promise<RunningServer> => serveEmbedded(files, join(directory, `embedded-${(number += 1)}`));
      const rounds = await withServer(server, (running) => roundsOn(running, clients, setting));
      figures.push(...figuresOf('embedded', clients, rounds, first.get(clients)));
    }
    const missing = await kafkaMissing();
    if (missing === undefined) figures.push(...(await onKafka(files, { ...setting, directory }, first)));
    else progress(`Kafka is left out: ${missing}`);
    return figures;
  },
};

const onKafka = async (
  files: readonly string[],
  setting: Setting,
  first: ReadonlyMap<Clients, number>,
): Promise<readonly Figure[]> => {
  const cluster = await openCluster(setting);
  try {
    return await withServer(
      () => serveKafka(files, cluster),
      async (server) => {
        const figures: Figure[] = [];
        // A single client's latency comes last: of a broker that was just started it is several times worse.
        for (const clients of CLIENTS.toReversed()) {
          const rounds = await roundsOn(server, clients, setting);
          figures.push(...figuresOf('kafka', clients, rounds, first.get(clients)));
        }
        return figures.map((one) => ({ ...one, details: { ...one.details, broker: cluster.from } }));
      },
    );
  } finally {
    await cluster.stop();
  }
};

/** A server of its own for each round, and no load before it: with each order that it fills, it writes the fills of all before it once more. */
const onFirst = async (
  files: readonly string[],
  directory: string,
  clients: Clients,
  setting: Setting,
): Promise<readonly LoadResult[]> => {
  const rounds: LoadResult[] = [];
  for (let round = 0; round < roundsFor(setting); round++) {
    const start = (): Promise<RunningServer> => serveFirst(files, directory);
    rounds.push(await withServer(start, ({ url }) => load({ url, clients, seconds: secondsFor(setting), keepAlive: false })));
  }
  return rounds;
};

const withServer = async <T>(start: () => Promise<RunningServer>, work: (server: RunningServer) => Promise<T>): Promise<T> => {
  const server = await start();
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
};

const roundsOn = async ({ url }: RunningServer, clients: Clients, setting: Setting): Promise<readonly LoadResult[]> => {
  await load({ url, clients: Math.min(clients, WARM_UP_CLIENTS), seconds: sized(setting, 3, 1), keepAlive: true });
  const rounds: LoadResult[] = [];
  for (let round = 0; round < roundsFor(setting); round++)
    rounds.push(await load({ url, clients, seconds: secondsFor(setting), keepAlive: true }));
  return rounds;
};

const roundsFor = (setting: Setting): number => sized(setting, 3, 1);
const secondsFor = (setting: Setting): number => sized(setting, 5, 2);

let loads = 0;

const load = (task: Omit<LoadTask, 'symbols' | 'prefix'>): Promise<LoadResult> => {
  const whole: LoadTask = { ...task, symbols: SYMBOLS, prefix: `b${(loads += 1)}` };
  return messageOf<LoadResult>([HTTP_LOAD, JSON.stringify(whole)], []);
};

/** The round with the median rate. */
const middle = (rounds: readonly LoadResult[]): LoadResult => {
  const rate = percentile(
    rounds.map(({ perSecond }) => perSecond),
    0.5,
  );
  const found = rounds.find(({ perSecond }) => perSecond === rate);
  if (found === undefined) throw new RangeError('no rounds');
  return found;
};

const figuresOf = (where: string, clients: Clients, rounds: readonly LoadResult[], first?: number): readonly Figure[] => {
  const { perSecond, p50, p99, most, statuses, allowed, cpu } = middle(rounds);
  // What is not allowed would be cheaper than what is said to be measured.
  if (allowed !== (statuses['200'] ?? 0))
    throw new Error(`${where}: of ${statuses['200'] ?? 0} decisions only ${allowed} were ALLOW`);
  const name = `http/${where.replaceAll(' ', '-')} ${clients} client${clients === 1 ? '' : 's'}`;
  const answers = Object.entries(statuses).map(([status, count]) => `${count} of ${status === '0' ? 'no answer' : status}`);
  const made = [
    figure(name, `POST /intent, ${where}, ${clients} at once`, [perSecond, 'requests/s'], {
      details: {
        ...{ p50_ms: rounded(p50), p99_ms: rounded(p99), max_ms: rounded(most) },
        answers: answers.join(', '),
        load_cpu: rounded(cpu),
        ...spread(rounds.map((round) => round.perSecond)),
      },
    }),
  ];
  if (first !== undefined)
    made.push(
      figure(`${name} times the first program`, 'requests/s beside those of the first program', [perSecond / first, 'times'], {
        budget: { at_least: TIMES },
      }),
    );
  return made;
};

const rounded = (value: number): number => Math.round(value * 100) / 100;
