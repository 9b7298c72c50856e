/** What a report was made of, and where. */
import { execFileSync } from 'node:child_process';
import { machine } from '../../campaign/report';

export interface Origin {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  /** With a plus sign where the checkout held more than it. */
  readonly commit: string;
}

export const originOf = (words: readonly string[]): Origin => ({
  date: new Date().toISOString(),
  machine: machine(),
  command: ['npm run simulate', ...(words.length > 0 ? ['--', ...words.map(quoted)] : [])].join(' '),
  commit: commit(),
});

/** `unknown` where there is no git. */
export const commit = (): string => {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { cwd: __dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return `${git('rev-parse', '--short=9', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
};

export const originLine = ({ date, machine: on, command, commit: of }: Origin): string =>
  `Run on ${date.slice(0, 10)}, commit ${of}: ${on}. \`${command}\``;

const quoted = (word: string): string => (/^[\w.\-/]+$/.test(word) ? word : `'${word}'`);
