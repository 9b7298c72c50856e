/** The command line of the soak. */
import { parseArgs } from 'node:util';

export const HELP = `npm run soak -- [options]     hours in minutes: steady load, a fault each minute, and nothing may grow (Kafka: Java 17 and Maven)

  --minutes N      of load, on each bus; default 20
  --bus NAME       kafka, embedded, or both one after the other; default both
  --rate N         intents a second; default 80 on Kafka, half of them by HTTP; 150 on the embedded bus
  --seed N         chance; default: drawn, and printed
  --json FILE      where the report goes; default: standard output
  --document       write the figures into docs/reliability.md
  --keep           leave the folder with the services' logs and samples`;

export const BUSES = ['kafka', 'embedded'] as const;
export type SoakBus = (typeof BUSES)[number];

export interface SoakArguments {
  readonly minutes: number;
  readonly buses: readonly SoakBus[];
  readonly rate: number | undefined;
  readonly seed: number;
  readonly json: string | undefined;
  readonly document: boolean;
  readonly keep: boolean;
}

/** Undefined: help was asked for. Throws an Error for what is no option. */
export const readArguments = (words: readonly string[]): SoakArguments | undefined => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: { minutes: text, bus: text, rate: text, seed: text, json: text, document: flag, keep: flag, help: flag },
  });
  if (values.help === true) return undefined;
  const number = (name: 'minutes' | 'rate' | 'seed'): number | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    if (!/^\d{1,9}$/.test(given)) throw new Error(`--${name}: expected a whole number`);
    return Number(given);
  };
  return {
    ...{ minutes: number('minutes') ?? 20, rate: number('rate'), seed: number('seed') ?? Date.now() % 1_000_000 },
    buses: busesOf(values.bus ?? 'both'),
    ...{ json: values.json, document: values.document === true, keep: values.keep === true },
  };
};

const busesOf = (given: string): readonly SoakBus[] => {
  if (given === 'both') return BUSES;
  const bus = BUSES.find((name) => name === given);
  if (bus === undefined) throw new Error('--bus: expected kafka, embedded or both');
  return [bus];
};
