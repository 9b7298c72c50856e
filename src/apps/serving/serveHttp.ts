/** `policygate serve`: intake, processor, gateway, live view and dashboard in one process; behind Kafka only what answers HTTP. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../cli/io';
import { httpSettings } from '../config/httpSettings';
import type { HttpSettings } from '../config/httpSettings';
import { KEYS } from '../config/keys';
import { readSettings } from '../config/readSettings';
import type { Settings } from '../config/settings';
import type { Route } from '../http/route';
import { operationsRoutes } from '../http/routes/operations';
import { questionRoutes } from '../http/routes/questionRoutes';
import type { HttpServer } from '../http/server';
import { requireTokensFor, Tokens } from '../http/tokens';
import { Intake } from '../intake/intake';
import { PriceIntake } from '../intake/priceIntake';
import { pricesRoute } from '../intake/pricesRoute';
import { intakeRoutes } from '../intake/intakeRoutes';
import { LiveLog } from '../live/liveLog';
import { lineOf } from '../failure';
import { openLog } from '../logging';
import { processHost } from '../service/host';
import type { Logger } from '../service/logger';
import { openServices, placeOf } from '../service/openServices';
import { READY_WITHIN_MS, runServices } from '../service/runServices';
import type { Problem } from '../service/shardService';
import { ENGINE_VERSION } from '../session';
import { tell } from './controls';
import { checkBeginning } from './defaultRun';
import { Front } from './front';
import { PolicyWatch } from './policyWatch';
import { RunLogs } from './runLogs';
import { checkServeFlags, DATA_DIR } from './serveFlags';
import type { ServeFlags } from './serveFlags';

/** How long decisions are waited for when the server stops, and their answers to be on their way; of the 10 s, a gateway may need 6 after that. */
const INTAKE_DRAIN_MS = 2_000;
const SERVER_DRAIN_MS = 2_500;

export const serveHttp = async (flags: ServeFlags, io: Io): Promise<void> => {
  const settings = await serveSettings(flags);
  checkServeFlags(flags, settings);
  const http = await httpSettings(flags, process.env);
  const log = openLog(settings.logLevel);
  for (const warning of settings.warnings) log.warn({}, warning);
  const tokens = await tokensOf(flags, http, log);
  requireTokensFor(http.host, tokens);

  const embedded = settings.bus === 'embedded';
  // A mistake in a file makes no directory, and nobody sees a server that ends again.
  if (embedded && (flags.newRun === true || (await isEmpty(settings.dataDir)))) await checkBeginning(flags);
  const names = embedded ? (['processor', 'gateway'] as const) : [];
  const broker = embedded ? (flags.broker ?? 'sim') : undefined;
  const trading = { ...flags, cancelOpenOrders: flags.keepOpenOrders !== true };
  const open = await openServices(names, broker, trading, settings, log);
  const { bus, codec, metrics, services, checkpoints, surroundings } = open;
  const live = LiveLog.open({ bus, codec, log });
  const intake = new Intake({ ...{ bus, codec, live, log }, registry: metrics.registry, limits: { drainMs: INTAKE_DRAIN_MS } });
  const prices = new PriceIntake({ bus, codec, log, registry: metrics.registry });
  const defaultRun = (): string | undefined => front.defaultRun;
  const policyWatch = watchOf(flags, { defaultRun, live, log, bus, codec });
  const logs = new RunLogs({ bus, codec, live, log, auditLog: flags.auditLog, execLog: flags.execLog });
  const allowSenderPrices = flags.allowSenderPrices === true;
  const startedAt = Date.now();
  const routes: readonly Route[] = [
    ...intakeRoutes({ intake, live, defaultRun: () => front.runForIntents(), allowSenderPrices }),
    pricesRoute({ prices, mustHaveBegun: () => void front.runForIntents() }),
    ...questionRoutes({
      ...{ bus, codec, live, log, defaultRun, allowSenderPrices },
      publicKey: checkpoints?.key.publicKey,
      hasTokens: tokens !== undefined,
      watchedPolicy: () => policyWatch,
    }),
    ...operationsRoutes({
      ...{ bus, live, metrics, defaultRun, startedAt },
      busName: settings.bus,
      problems: () => [...front.problems, ...services.flatMap((service) => service.problems(READY_WITHIN_MS)).map(problemLine)],
      waiting: () => intake.waiting,
      position: () => live.position().join(','),
      routes: () => routes,
      secured: tokens !== undefined,
      engineVersion: ENGINE_VERSION,
    }),
  ];
  const front = new Front({
    ...{ bus, codec, live, intake, prices, logs, policyWatch, flags, embedded, log },
    server: {
      routes,
      tokens,
      host: http.host,
      port: http.port,
      tls: http.tls,
      rateLimit: http.rateLimit,
      assetsDirectory: dashboardDirectory(),
      registry: metrics.registry,
      log,
      logRequests: settings.logLevel === 'debug',
      drainMs: SERVER_DRAIN_MS,
    },
    onListening: (server) => {
      log.info({ url: server.url }, 'HTTP is served');
      reloadOnSignal(server, log);
    },
  });
  const ended = await runServices({
    bus,
    services,
    door: front,
    companions: [
      ...surroundings,
      ...(checkpoints === undefined ? [] : [checkpoints.service]),
      { start: () => undefined, stop: () => logs.stop() },
      { start: () => undefined, stop: () => live.stop() },
    ],
    metrics,
    otherProblems: () => [...front.problems, ...live.problems()].map((reason) => ({ service: 'serve', shard: null, reason })),
    monitoring: settings.monitoring,
    drain: false,
    host: processHost,
    log,
    lastWords: (line) => io.err(line),
    onStarted: () => {
      const run = front.defaultRun === undefined ? '; requests name their run' : `; run ${front.defaultRun}`;
      const venue = open.broker === undefined ? '' : `; orders go to ${open.broker.venue}`;
      const signing = checkpoints === undefined ? '' : `; checkpoints are signed as ${checkpoints.key.name}`;
      io.err(`serve on ${front.url}, ${placeOf(settings, bus, names)}${run}${venue}${signing}\n`);
    },
  });
  await open.broker?.close();
  io.out(`serve ended (${ended}): ${await metrics.summary()}\n`);
};

/** Nothing was ever written there. What else is wrong with it, opening it says better. */
const isEmpty = async (directory: string | undefined): Promise<boolean> => {
  try {
    return directory === undefined || (await readdir(directory)).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
};

const serveSettings = async (flags: ServeFlags): Promise<Settings & { readonly warnings: readonly string[] }> => {
  const settings = await readSettings(flags, process.env);
  return settings.bus === 'embedded' && settings.dataDir === undefined ? { ...settings, dataDir: DATA_DIR } : settings;
};

/** Whose tokens are valid; undefined: nobody needs one. The flag wins over the environment. */
const tokensOf = async (
  { token: flag }: ServeFlags,
  { tokensFile, token }: HttpSettings,
  log: Logger,
): Promise<Tokens | undefined> => {
  if (flag !== undefined)
    log.warn(
      {},
      'a secret on the command line is seen by every user of this machine: set POLICYGATE_TOKEN, or use --tokens FILE',
    );
  const text = flag ?? token;
  return Tokens.open({
    file: tokensFile,
    token: text === undefined ? undefined : { text, setting: flag === undefined ? KEYS.httpToken.variable : '--token' },
  });
};

const watchOf = (
  { policy, watchPolicy }: ServeFlags,
  {
    defaultRun,
    live,
    log,
    bus,
    codec,
  }: { readonly defaultRun: () => string | undefined; readonly live: LiveLog; readonly log: Logger } & Parameters<typeof tell>[0],
): PolicyWatch | undefined => {
  if (watchPolicy !== true || policy === undefined) return undefined;
  const activeRun = () => {
    const run = defaultRun();
    return run === undefined ? undefined : live.run(run)?.ledger.state;
  };
  return new PolicyWatch({
    file: policy,
    log,
    active: () => activeRun()?.active?.hash,
    activate: async (text, hash) => {
      const runId = activeRun()?.runId;
      if (runId === undefined) return;
      const payload = { type: 'PolicyActivated', policy_text: text } as const;
      await tell({ bus, codec }, log, { runId, actor: 'policy file', reason: `${policy} was edited: ${hash}`, payload });
    },
  });
};

const problemLine = ({ service, shard, reason }: Problem): string =>
  `${service}${shard === null ? '' : `, shard ${shard}`}: ${reason}`;

/** Built beside the program; undefined: it was not. */
const dashboardDirectory = (): string | undefined => {
  const directory = join(__dirname, '..', 'dashboard', 'assets');
  return existsSync(directory) ? directory : undefined;
};

/** SIGHUP reads tokens and certificates again. */
const reloadOnSignal = (server: HttpServer, log: Logger): void => {
  process.on('SIGHUP', () => {
    server.reload().then(
      () => log.info({}, 'tokens and certificates were read again'),
      (error: unknown) =>
        log.error({ reason: lineOf(error) }, 'tokens and certificates could not be read again; those of before are valid still'),
    );
  });
};
