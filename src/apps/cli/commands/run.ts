import { createHash, randomUUID } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { AuditLog } from '../../../audit/auditLog';
import { derivedUuid } from '../../../contracts/chain';
import { executionEventText, plain, runSummaryText } from '../../../contracts/documents/writeDocument';
import { canonicalJson, prettyJson } from '../../../contracts/json/write';
import type { EquityMode } from '../../../contracts/messages';
import { runIdFault } from '../../../contracts/runId';
import type { Broker, BrokerName } from '../../../gateway/broker';
import type { GatewayLog } from '../../../gateway/gatewayLog';
import type { FoldObserver } from '../../../processor/observer';
import { BROKER_HELP, BROKERS, withTradingOptions } from '../../brokers/brokerOptions';
import type { TradingFlags } from '../../brokers/brokerOptions';
import { openBroker } from '../../brokers/openBroker';
import { brokerSettings } from '../../config/brokerSettings';
import { Failure } from '../../failure';
import { NO_EXECUTION, readDocumentFile, readPolicyFile, unreadable } from '../../files';
import { LogFile } from '../../logFile';
import { readIntents } from '../../run/intentsFile';
import { isInExecutionLog, runJob, runOfInputs } from '../../run/runJob';
import type { RunInput, RunListeners } from '../../run/runJob';
import { gatewaySettings } from '../../service/gatewaySettings';
import { processHost, SIGNAL_CODES } from '../../service/host';
import { openSession } from '../../session';
import { Progress } from '../io';
import type { Io } from '../io';

interface RunOptions extends TradingFlags {
  readonly policy?: string;
  readonly intents?: string;
  readonly portfolio?: string;
  readonly market?: string;
  readonly execution?: string;
  readonly auditLog?: string;
  readonly execLog?: string;
  readonly broker: BrokerName;
  readonly outSummary?: string;
  readonly pretty?: boolean;
  readonly dataDir?: string;
  readonly runId?: string;
  readonly overwrite?: boolean;
  readonly skipInvalid?: boolean;
  readonly settleSeconds: string;
  readonly equityMode: EquityMode;
}

/** `policygate run`, and `policygate-run`: prints the RunSummary. */
export const runCommand = (parent: Command, io: Io): void => {
  withTradingOptions(parent.command('run'))
    .description('Run a file of order intents through the gate and a broker, and print the RunSummary.')
    .option('--policy <file>', 'capital policy (YAML)')
    .option('--intents <file>', 'order intents (JSONL, one a line)')
    .option('--portfolio <file>', 'portfolio state at the start (JSON)')
    .option('--market <file>', 'market snapshot (JSON)')
    .option('--execution <file>', 'execution state at the start (JSON)')
    .option('--audit-log <file>', 'append an AuditEvent per decision (JSONL)')
    .option('--exec-log <file>', 'append the execution events (JSONL)')
    .addOption(new Option('--broker <name>', 'where orders go').choices(BROKERS).default('sim'))
    .option(
      '--settle-seconds <seconds>',
      'how long an order may stay open before the next intent is judged, with it as a working order (alpaca, tradier)',
      '10',
    )
    .addOption(
      new Option('--equity-mode <mode>', 'fixed: as the portfolio says; marked: cash and positions at their prices')
        .choices(['fixed', 'marked'])
        .default('fixed'),
    )
    .option('--out-summary <file>', 'write the summary to this file too')
    .option('--pretty', 'indent the summary')
    .option(
      '--data-dir <dir>',
      'keep the run on a durable bus in this directory; the same command again goes on where it stopped',
    )
    .option(
      '--run-id <id>',
      'name the run (default: a random UUID; with --data-dir that of the run which these inputs began there, and with sim one derived from them)',
    )
    .option('--overwrite', 'start the log files afresh instead of appending')
    .option('--skip-invalid', 'report broken lines and go on without them')
    .addHelpText(
      'after',
      `
With alpaca or tradier, orders that are open when all intents are decided are cancelled, and the run ends when the broker shows none. A run
that was cut off goes on where it stopped when the same command is given again, and asks the broker what became of what was on its way; it is kept in --data-dir
(default: .policygate/<broker>).
${BROKER_HELP}

Exit codes: 0 done, 2 could not run (one line on stderr says why).

Examples:
  policygate run --policy policies/base.yaml --intents scenarios/normal_day/intents.jsonl \\
    --portfolio scenarios/normal_day/portfolio.json --market scenarios/normal_day/market.json --pretty
  policygate run ... --data-dir ./data --audit-log audit.jsonl --exec-log exec.jsonl   # durable; may be killed and started again
  policygate run ... --broker alpaca --data-dir ./data --audit-log audit.jsonl --exec-log exec.jsonl --out-summary summary.json`,
    )
    .action((options: RunOptions) => run(options, io));
};

const run = async (options: RunOptions, io: Io): Promise<void> => {
  const settleMs = settleOption(options.settleSeconds);
  const trading = await brokerSettings(options.broker, {}, process.env);
  for (const warning of trading.warnings) io.err(`Warning: ${warning}\n`);
  if (options.runId !== undefined) {
    const fault = runIdFault(options.runId);
    if (fault !== undefined) throw new Failure(fault.replace('key', '--run-id'));
  }
  const read = await readInput(options, io);
  const progress = new Progress(io, 'intents decided');
  const { overwrite = false, auditLog, execLog } = options;
  const isPaper = options.broker === 'sim';
  // What may be on its way to a broker must be on disk before it leaves.
  const dataDir = options.dataDir ?? (isPaper ? undefined : join('.policygate', options.broker));
  if (dataDir !== undefined && options.dataDir === undefined)
    io.err(`The run is kept in ${dataDir}: if it is cut off, the same command goes on with it\n`);
  const logs: LogFile[] = [];
  const openLog = async (file: string, runId: string): Promise<LogFile> => {
    const log = await LogFile.open(file, overwrite, (line) => line.run_id === runId);
    logs.push(log);
    return log;
  };
  const observers: FoldObserver[] = [];
  let executed: RunListeners['executed'];
  const session = await openSession(dataDir);
  let broker: Broker | undefined;
  // Nothing is lost by ending at once: what was on its way is on record, and looked up by the next start.
  const endOfSignals = isPaper
    ? () => undefined
    : processHost.onSignal((signal) => {
        const where = dataDir ?? '';
        io.err(
          `${signal}: stopped; orders may be open at ${options.broker}: give the same command again to go on, or see \`policygate orders list --data-dir ${where}\`\n`,
        );
        processHost.exit(SIGNAL_CODES[signal]);
      });
  try {
    // A broker never forgets the names of its orders, which follow from the run's: only the run that this directory holds goes on under its own.
    const isNamed = options.runId !== undefined || isPaper;
    const found = isNamed ? read.runId : await runOfInputs(session, read.fingerprint, options.dataDir === undefined);
    const input = { ...read, runId: found ?? randomUUID() };
    if (auditLog !== undefined) {
      observers.push(new AuditLog(await openLog(auditLog, input.runId), input.runId, input.market.timestamp));
    }
    if (execLog !== undefined) {
      const log = await openLog(execLog, input.runId);
      executed = ({ event, recordedAt }) => {
        if (!isInExecutionLog(event)) return;
        log.add(executionEventText(event, recordedAt));
        log.commit();
      };
    }
    const flags = { onBrokerError: options.onBrokerError, cancelOpenOrders: options.keepOpenOrders !== true };
    broker = await openBroker(trading);
    const how = { broker, gateway: gatewaySettings(trading, flags), log: linesOnStderr(io), settleMs };
    const summary = await runJob(session, input, how, {
      observers,
      ...(executed === undefined ? {} : { executed }),
      progress: (decided, total) => progress.show(decided, total),
    });
    for (const log of logs) log.flush();
    progress.end();
    const text = runSummaryText(summary);
    const shown = `${options.pretty === true ? prettyJson(plain(text)) : text}\n`;
    if (options.outSummary !== undefined) await writeSummary(options.outSummary, shown);
    if (summary.conflicts > 0)
      io.err(`Warning: ${summary.conflicts} intents had the id of another one and were denied; see DUPLICATE records\n`);
    io.out(shown);
  } finally {
    progress.end();
    for (const log of logs) log.close();
    endOfSignals();
    await session.bus.close();
    await broker?.close();
  }
};

/** What a gateway has to say to an operator, beside the results of a run. */
const linesOnStderr = (io: Io): GatewayLog => {
  const line = (kind: string) => (fields: object, message: string) =>
    io.err(`${kind}: ${message} ${canonicalJson(plain(JSON.stringify(fields)))}\n`);
  return { info: () => undefined, warn: line('Warning'), error: line('Error') };
};

const settleOption = (text: string): number => {
  const seconds = /^[0-9]{1,5}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (!(seconds <= MOST_SETTLE_SECONDS))
    throw new Failure(`--settle-seconds ${text}: expected a whole number from 0 to ${MOST_SETTLE_SECONDS}`);
  return seconds * 1_000;
};
const MOST_SETTLE_SECONDS = 86_400;

/** The files that every run needs, by their options. */
interface RunFiles {
  readonly policy: string;
  readonly intents: string;
  readonly portfolio: string;
  readonly market: string;
}

const filesOf = ({ policy, intents, portfolio, market }: RunOptions): RunFiles => {
  // Checked here and not by the parser, which would complain of what is missing before it names the option that was misspelt.
  const named = (name: string, file: string | undefined): string => {
    if (file === undefined) throw new Failure(`--${name} is missing; run needs --policy, --intents, --portfolio and --market`);
    return file;
  };
  return {
    policy: named('policy', policy),
    intents: named('intents', intents),
    portfolio: named('portfolio', portfolio),
    market: named('market', market),
  };
};

const readInput = async (options: RunOptions, io: Io): Promise<RunInput> => {
  const files = filesOf(options);
  const kind = options.skipInvalid === true ? 'without invalid lines' : 'all lines';
  const print = new Fingerprint(options.equityMode === 'fixed' ? kind : `${kind}, ${options.equityMode}`);
  const policy = await readPolicyFile(files.policy, print.next());
  for (const warning of policy.warnings) io.err(`Warning: ${warning}\n`);
  const portfolio = await readDocumentFile('portfolio_state', files.portfolio, print.next());
  const market = await readDocumentFile('market_snapshot', files.market, print.next());
  const execution =
    options.execution === undefined ? NO_EXECUTION : await readDocumentFile('execution_state', options.execution, print.next());
  const onInvalid = options.skipInvalid === true ? (error: string) => io.err(`Warning: skipped ${error}\n`) : undefined;
  const intents = await readIntents(files.intents, onInvalid, print.next());
  const fingerprint = print.text();
  const runId = options.runId ?? (options.dataDir === undefined ? randomUUID() : derivedUuid(`run/${fingerprint}`));
  return { runId, fingerprint, policy, portfolio, market, execution, equityMode: options.equityMode, intents };
};

/** SHA-256 over the inputs as they were read: the same inputs are the same run, which is how a second start finds what the first one did. */
class Fingerprint {
  private readonly hash: Hash;
  private bytes = 0;

  constructor(kind: string) {
    this.hash = createHash('sha256').update(kind);
  }

  /** Takes in the next file, in one piece or several. */
  next(): (bytes: Buffer) => void {
    this.hash.update(`\n${this.bytes}\n`);
    this.bytes = 0;
    return (bytes) => {
      this.bytes += bytes.length;
      this.hash.update(bytes);
    };
  }

  text(): string {
    return this.hash.update(`\n${this.bytes}`).digest('hex');
  }
}

const writeSummary = async (file: string, text: string): Promise<void> => {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
};
