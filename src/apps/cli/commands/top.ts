import type { Command } from 'commander';
import { runIdFault } from '../../../contracts/runId';
import { readVariables } from '../../config/environment';
import { credential, httpRoot } from '../../config/kinds';
import { KEYS } from '../../config/keys';
import { readSecret } from '../../config/secretFiles';
import { Refusal } from '../../../contracts/documents/kinds';
import { Failure } from '../../failure';
import { errorsInOneLine } from '../../files';
import { processHost } from '../../service/host';
import { NowClient, Unreachable } from '../../top/nowClient';
import { jsonLine, plainText, printNow, watchNow } from '../../top/watchNow';
import type { Io } from '../io';

interface TopFlags {
  readonly url: string;
  readonly run?: string;
  readonly interval: string;
  readonly tokenFile?: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

/** `policygate top`: what the dashboard shows of now, in a terminal. */
export const topCommand = (parent: Command, io: Io): void => {
  parent
    .command('top')
    .description('Watch a running `policygate serve` in the terminal: limits, kill switch, decisions as they come.')
    .option('--url <url>', 'where it listens', 'http://127.0.0.1:8100')
    .option('--run <id>', "the run to look at (default: the server's own, else the only active one)")
    .option('--interval <seconds>', 'between two looks', '1')
    .option('--token-file <file>', 'a file that holds a token with the role read (default: POLICYGATE_TOKEN)')
    .option('--once', 'look once, print it as plain text, and end')
    .option('--json', 'for machines: one line of JSON for each look')
    .addHelpText(
      'after',
      `
On a terminal it has the whole screen; q or Ctrl-C ends it. Where its output goes to a file or a pipe it prints plain text, one look after the other. A
server that restarts is waited for. NO_COLOR in the environment switches colours off, NODE_EXTRA_CA_CERTS names authorities that Node does not know.

Exit codes: 0 ended, 2 could not run (one line on stderr says why).

Examples:
  policygate top
  policygate top --url https://gate.example.com --token-file ~/.policygate-token --run r-1
  policygate top --once
  policygate top --once --json`,
    )
    .action((flags: TopFlags) => top(flags, io));
};

const top = async (flags: TopFlags, io: Io): Promise<void> => {
  const { run, json = false } = flags;
  const fault = run === undefined ? undefined : runIdFault(run);
  if (fault !== undefined) throw new Failure(fault.replace('key', '--run'));
  const client = new NowClient({ url: urlOf(flags), run, token: await tokenOf(flags) });
  const intervalMs = intervalOf(flags);
  if (flags.once === true) {
    const now = await client.look().catch((error: unknown) => {
      throw error instanceof Unreachable
        ? new Failure(`${error.message}; is policygate serve running there? --url says where`)
        : error;
    });
    io.out(json ? jsonLine(now) : plainText(now));
    return;
  }
  const stopping = new AbortController();
  const endOfSignals = processHost.onSignal(() => stopping.abort());
  const noColor = process.env.NO_COLOR ?? '';
  const options = { client, intervalMs, json, color: noColor === '', stopping };
  try {
    await (process.stdout.isTTY && !json ? watchNow(options) : printNow(options, io));
  } finally {
    endOfSignals();
  }
};

const urlOf = ({ url }: TopFlags): string => {
  const read = httpRoot.read(url);
  if (!(read instanceof Refusal)) return read;
  throw new Failure(
    '--url: expected an http or https address such as "http://127.0.0.1:8100", without a user, query or fragment',
  );
};

const intervalOf = ({ interval }: TopFlags): number => {
  const seconds = /^[0-9]{1,4}(\.[0-9]{1,3})?$/.test(interval) ? Number(interval) : 0;
  if (seconds >= 0.2 && seconds <= 3_600) return seconds * 1_000;
  throw new Failure(`--interval ${interval}: expected a number of seconds from 0.2 to 3600`);
};

const tokenOf = async ({ tokenFile }: TopFlags): Promise<string | undefined> => {
  if (tokenFile !== undefined) return readSecret(tokenFile, '--token-file', credential);
  const { values, errors } = readVariables(process.env, [KEYS.httpToken]);
  if (errors.length > 0) throw new Failure(errorsInOneLine(errors));
  const token = values.get(KEYS.httpToken);
  return typeof token === 'string' ? token : undefined;
};
