import { hexOf } from '../../../contracts/json/hex';
import { join } from 'node:path';
import type { Command } from 'commander';
import { AuditLog } from '../../../audit/auditLog';
import { formatDecimal } from '../../../contracts/decimal';
import type { Decimal } from '../../../contracts/decimal';
import { executionEventText } from '../../../contracts/documents/writeDocument';
import type { AuditRecord, OrderIntent, PublishedDecision } from '../../../contracts/messages';
import { simBroker } from '../../../gateway/brokers/sim';
import type { FoldObserver } from '../../../processor/observer';
import { NO_EXECUTION, readDocumentFile, readPolicyFile } from '../../files';
import { LogFile } from '../../logFile';
import { readIntents } from '../../run/intentsFile';
import { runJob } from '../../run/runJob';
import type { RunInput, Trading } from '../../run/runJob';
import { openSession } from '../../session';
import type { Io } from '../io';
import { table } from '../table';

/** The scenario ships with the program: relative to this file in the source tree and in the built one. */
const SCENARIO = join(__dirname, '../../../../scenarios/demo');
const RUN_ID = 'demo';
/** The paper broker leaves nothing open, and no account to compare with. */
const PAPER: Trading = {
  broker: simBroker,
  gateway: { onBrokerError: 'stop', cancelOpenOrders: true, pollEveryMs: 1_000, reconcileEveryMs: 60_000 },
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  settleMs: 0,
};
const DEFAULT_DIRECTORY = '.policygate/demo';

/** `policygate demo`: seven intents through the whole system, on a durable bus, printed with their reasons. */
export const demoCommand = (parent: Command, io: Io): void => {
  parent
    .command('demo')
    .description('Seven order intents through the gate: ALLOW, MODIFY, DENY, a tripped kill switch, each with its reason.')
    .option('--data-dir <dir>', 'where the bus and the logs of the demo are kept', DEFAULT_DIRECTORY)
    .addHelpText(
      'after',
      `
It runs on the embedded bus in --data-dir and leaves everything there. Run again, it finds its work done and shows the same answers.

Examples:
  policygate demo
  policygate demo --data-dir /tmp/demo && head -1 /tmp/demo/audit.jsonl`,
    )
    .action(({ dataDir }: { readonly dataDir: string }) => demo(dataDir, io));
};

const demo = async (directory: string, io: Io): Promise<void> => {
  const input = await demoInput();
  const auditFile = join(directory, 'audit.jsonl');
  const executionFile = join(directory, 'executions.jsonl');
  const rows = new DemoRows();
  const session = await openSession(join(directory, 'bus'));
  const logs: LogFile[] = [];
  try {
    const audit = await LogFile.open(auditFile, false, () => true);
    logs.push(audit);
    const executions = await LogFile.open(executionFile, false, () => true);
    logs.push(executions);
    const summary = await runJob(session, input, PAPER, {
      observers: [rows, new AuditLog(audit, RUN_ID, input.market.timestamp)],
      executed: ({ event, recordedAt }) => {
        executions.add(executionEventText(event, recordedAt));
        executions.commit();
      },
    });
    for (const log of logs) log.flush();
    const { ALLOW, MODIFY, DENY } = summary.decisions;
    io.out(`${table(['intent', 'order', 'verdict', 'sent', 'why'], rows.rows)}\n\n`);
    io.out(
      `${ALLOW} allowed, ${MODIFY} modified, ${DENY} denied; ${summary.orders_filled} of ${summary.orders_submitted} orders filled. `,
    );
    io.out(`Holding ${[...summary.final_positions].map(([symbol, qty]) => `${formatDecimal(qty)} ${symbol}`).join(', ')}.\n`);
    io.out(`Every answer with its numbers: ${auditFile}\nWhat the broker did:           ${executionFile}\n`);
    io.out(`The last hash of the chain:    ${hexOf(summary.chain_hash)}\n`);
  } finally {
    for (const log of logs) log.close();
    await session.bus.close();
  }
};

const demoInput = async (): Promise<RunInput> => ({
  runId: RUN_ID,
  equityMode: 'fixed',
  fingerprint: 'demo',
  policy: await readPolicyFile(join(SCENARIO, 'policy.yaml')),
  portfolio: await readDocumentFile('portfolio_state', join(SCENARIO, 'portfolio.json')),
  market: await readDocumentFile('market_snapshot', join(SCENARIO, 'market.json')),
  execution: NO_EXECUTION,
  intents: await readIntents(join(SCENARIO, 'intents.jsonl')),
});

/** One row per decision and per change of the kill switch. */
class DemoRows implements FoldObserver {
  readonly rows: (readonly string[])[] = [];

  recorded({ kind, intent, decision, kill_switch }: AuditRecord): void {
    if (kind === 'DECISION' && intent !== null && decision !== null) this.rows.push(decisionRow(intent, decision));
    if (kind === 'KILL_SWITCH' && kill_switch !== null)
      this.rows.push(['', '', 'TRIP', '', `Kill switch: ${kill_switch.reason}.`]);
  }
}

const decisionRow = (intent: OrderIntent, { decision, order, violations }: PublishedDecision): readonly string[] => [
  intent.intent_id,
  `${intent.side} ${shown(intent.qty)} ${intent.instrument.symbol}`,
  decision,
  order === null ? '-' : shown(order.qty),
  violations.map(({ rule_id, message }) => `${rule_id}: ${message}`).join(' ') || 'Within every limit.',
];

const shown = (qty: Decimal): string => formatDecimal(qty);
