import { Option } from 'commander';
import type { Command } from 'commander';
import { BROKER_HELP, BROKERS, withTradingOptions } from '../../brokers/brokerOptions';
import { withCheckpointOptions } from '../../checkpoints/checkpointFlags';
import { withBusOptions } from '../../connection';
import { DATA_DIR } from '../../serving/serveFlags';
import type { ServeFlags } from '../../serving/serveFlags';
import { serveHttp } from '../../serving/serveHttp';
import type { Io } from '../io';

/** `policygate serve`, and `policygate-serve`: the gate behind HTTP, with its dashboard, until it is stopped. */
export const serveCommand = (parent: Command, io: Io): void => {
  const command = parent
    .command('serve')
    .description('Serve HTTP: order intents in, decisions out, the dashboard at /; a service, until it is stopped.');
  withRunOptions(command);
  withHttpOptions(command);
  withCheckpointOptions(withTradingOptions(withBusOptions(command)))
    .addOption(new Option('--broker <name>', 'where orders go (default: sim; embedded bus)').choices(BROKERS))
    .option('--audit-log <file>', 'append an AuditEvent per decision of the run (JSONL; embedded bus)')
    .option('--exec-log <file>', 'append the execution events of the run (JSONL; embedded bus)')
    .addHelpText('after', HELP)
    .action((flags: ServeFlags) => serveHttp(flags, io));
};

const withRunOptions = (command: Command): Command =>
  command
    .option('--policy <file>', 'capital policy that a new run begins with (YAML)')
    .option('--portfolio <file>', 'its portfolio state (JSON)')
    .option('--market <file>', 'its market snapshot (JSON)')
    .option('--execution <file>', 'its execution state (JSON)')
    .option('--account <id>', 'the account that it trades', 'none')
    .addOption(
      new Option('--equity-mode <mode>', 'fixed: as the portfolio says; marked: cash and positions at their prices')
        .choices(['fixed', 'marked'])
        .default('fixed'),
    )
    .option(
      '--run <id>',
      "the server's own run, which requests mean that name none (default: the one that is active, else a new one)",
    )
    .option('--new-run', 'end the run that is active, and begin a new one with the files')
    .option('--watch-policy', 'put the file of --policy in force for the run whenever it is edited, if it is valid');

const withHttpOptions = (command: Command): Command =>
  command
    .option('--host <host>', 'where to listen; beyond the loopback interface only with tokens (default: 127.0.0.1)')
    .option('--port <port>', 'its port; 0: any that is free (default: 8100)')
    .option('--tokens <file>', 'the tokens that callers need, with their roles (YAML)')
    .option('--token <token>', 'one token that may do everything; better: POLICYGATE_TOKEN')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate (PEM)')
    .option('--tls-key <file>', 'its private key (PEM)')
    .option('--rate-limit <requests>', 'requests a second that one token may send; 0: any number (default: 2000)')
    .option('--allow-sender-prices', 'for tests: whoever sends an intent may bring prices, which then hold for everyone');

const HELP = `
On the embedded bus (--data-dir, by default ${DATA_DIR}) everything is in this one process: intake, processor, gateway, dashboard. A first start needs a
policy, a portfolio and prices, and begins a run with them; a later one goes on with that run, and needs nothing. On Kafka it is the
intake and the dashboard, in front of processors and gateways that are processes of their own; a request names its run, or --run does.

The answer to a decided intent is on disk when it is sent. Newer prices come by POST /prices, with a token of the role feed where there are tokens.
docs/http.md has every route, GET /openapi.json the same for programs. SIGTERM or SIGINT takes nothing more, answers what waits and
ends within 10 s; a second one ends at once. SIGHUP reads tokens and certificates again.

${BROKER_HELP}

Exit codes: 0 stopped, 2 could not run or must not go on (one line on stderr says why).

Examples:
  policygate serve --policy scenarios/demo/policy.yaml --portfolio scenarios/demo/portfolio.json --market scenarios/demo/market.json
  policygate serve                                             # goes on with the run of the last start
  policygate serve --policy policies/base.yaml --watch-policy  # an edited policy is put in force
  policygate serve --host 0.0.0.0 --tokens tokens.yaml --tls-cert gate.pem --tls-key gate.key
  policygate serve --bus kafka --config policygate.yaml --run r-1

  curl -s localhost:8100/intent -H 'content-type: application/json' -d '{"intent": {"intent_id": "i-1", "timestamp": "2026-02-24T09:30:00Z",
    "account_id": "paper", "strategy_id": "momentum_v1", "instrument": {"symbol": "AAPL", "asset_class": "equity"}, "side": "buy",
    "order_type": "market", "qty": 5}}'`;
