/** What the services use, looked at from outside every 5 s (Linux: /proc), and what their probes have written (probe.cjs). */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Sample } from './trend';

export const FIGURES = [
  'held',
  'own',
  'resident',
  'descriptors',
  'sockets',
  'threads',
  'handles',
  'loop_p99_ms',
  'loop_max_ms',
] as const;
/**
 * held: heap and what it holds outside of it, after a collection, in bytes. own: resident memory without mapped files, resident: with them, in bytes.
 * handles: what keeps Node's event loop alive.
 */
export type FigureName = (typeof FIGURES)[number];

export interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly from: number;
  /** Since when it is no longer there; undefined: it was to the end. */
  until: number | undefined;
  readonly figures: Readonly<Record<FigureName, Sample[]>>;
}

const EVERY_MS = 5_000;

export class Sampler {
  readonly watched: Watched[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `running`: name and number of each process that is to be looked at, now. */
  constructor(private readonly running: () => readonly { readonly name: string; readonly pid: number }[]) {}

  start(): void {
    this.timer = setInterval(() => this.look(), EVERY_MS);
  }

  /** Takes in what the probes wrote to `folder`. */
  stop(folder: string): void {
    clearInterval(this.timer);
    const now = Date.now();
    for (const one of this.watched) {
      one.until ??= now;
      addProbed(one, join(folder, `${one.pid}.jsonl`));
    }
  }

  private look(): void {
    const at = Date.now();
    const running = this.running();
    for (const one of this.watched) if (one.until === undefined && running.every(({ name }) => name !== one.name)) one.until = at;
    for (const { name, pid } of running) {
      const seen = lookAt(pid);
      if (seen === undefined) continue;
      let one = this.watched.find((known) => known.name === name);
      if (one === undefined) this.watched.push((one = { name, pid, from: at, until: undefined, figures: noFigures() }));
      for (const [figure, value] of Object.entries(seen)) one.figures[figure as keyof typeof seen].push({ at, value });
    }
  }
}

const noFigures = (): Record<FigureName, Sample[]> =>
  Object.fromEntries(FIGURES.map((name) => [name, []])) as unknown as Record<FigureName, Sample[]>;

type Seen = Readonly<Record<'own' | 'resident' | 'descriptors' | 'sockets' | 'threads', number>>;

/** Undefined: it is not there any more. Source: proc(5). */
const lookAt = (pid: number): Seen | undefined => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN);
    const folder = `/proc/${pid}/fd`;
    const descriptors = readdirSync(folder);
    const sockets = descriptors.filter((name) => targetOf(join(folder, name)).startsWith('socket:')).length;
    const own = field('RssAnon') * 1_024;
    if (Number.isNaN(own)) return undefined;
    return { own, resident: field('VmRSS') * 1_024, descriptors: descriptors.length, sockets, threads: field('Threads') };
  } catch {
    return undefined;
  }
};

/** Closed since it was listed: no socket. */
const targetOf = (link: string): string => {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
};

const addProbed = ({ figures }: Watched, file: string): void => {
  if (!existsSync(file)) return;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    // A process that was killed may have left half a line.
    if (!line.endsWith('}')) continue;
    const probed = JSON.parse(line) as Readonly<Record<string, number>>;
    for (const name of ['held', 'handles', 'loop_p99_ms', 'loop_max_ms'] as const)
      figures[name].push({ at: probed.at ?? 0, value: probed[name] ?? 0 });
  }
};
