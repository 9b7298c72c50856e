/**
 * A real Kafka broker without Docker: one KRaft node on this machine, from the jars of Maven Central, with Java 17 or newer.
 *
 * For tests that must kill a broker and bring it back, for the tests' own broker where there is no Docker, and for a developer
 * (`infra/native/kafka.sh`). Plaintext always; TLS and SASL listeners when asked for.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaJars } from './artifacts';
import { serverProperties, type BrokerUser, type Listeners } from './brokerSettings';
import { certificatesIn, type Certificates } from './certificates';
import { lastWords, run } from './command';
import { isRunning, killDaemon, startDaemon, stopDaemon } from './daemon';
import { guardProcess, type Guardian } from './guardian';
import { javaProgram } from './java';
import { expectFree, freePorts } from './ports';

export interface BrokerOptions {
  /** Of the plaintext listener, the others take the next three (TLS, SASL, both); default: free ones. */
  readonly port?: number;
  /** Where its data, settings and log are, and stay; default: a temporary folder, removed by `stop`. */
  readonly directory?: string;
  /** More settings for `server.properties`; they win. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** A TLS listener with certificates made for it; `mutual`: clients must show one too. */
  readonly tls?: boolean | 'mutual';
  /** A listener with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 for these users; with `tls` a second one that has both. Set for a folder's first start. */
  readonly sasl?: boolean | readonly BrokerUser[];
  readonly heapMegabytes?: number;
  /** The broker outlives this process. Default: it is killed when this process ends. */
  readonly stays?: boolean;
}

export interface NativeBroker {
  /** The plaintext listener, `host:port`; the same after a restart. */
  readonly bootstrap: string;
  readonly listeners: Listeners;
  readonly users: readonly BrokerUser[];
  /** PEM texts for clients, when there is a TLS listener. */
  readonly certificates: Certificates | undefined;
  readonly directory: string;
  readonly log: string;
  /** Another one after a restart. */
  readonly pid: number;
  /** SIGKILL; what was acknowledged is in the folder. */
  readonly kill: () => Promise<void>;
  /** In good order, for good: a temporary folder is removed, unless `keepData` is set for a later `restart`. */
  readonly stop: (options?: { readonly keepData?: boolean }) => Promise<void>;
  /** Starts it again on its data and its ports, after a `kill`; stops it first if it runs. Some 4 s. */
  readonly restart: () => Promise<void>;
}

/** Who may log in when `sasl` is just `true`. */
const BROKER_USERS: readonly BrokerUser[] = [{ username: 'trader', password: 'trader-secret' }];

const READY = 'Kafka Server started';
const START_MS = 90_000;

/** Returns when it serves clients. Throws an Error that says in one line what is missing, or how the broker ended. */
export const startNativeBroker = async (options: BrokerOptions = {}): Promise<NativeBroker> => {
  const jars = await kafkaJars();
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'policygate-broker-'));
  mkdirSync(directory, { recursive: true });
  const temporary = options.directory === undefined;
  try {
    const broker = await prepared(options, jars, directory);
    return await controlled(broker, options.stays === true, temporary);
  } catch (error) {
    if (temporary) rmSync(directory, { recursive: true, force: true });
    throw error;
  }
};

interface Prepared extends Pick<NativeBroker, 'listeners' | 'users' | 'certificates' | 'directory' | 'log'> {
  readonly jars: string;
  readonly heapMegabytes: number;
  /** Writes the settings anew: the controller's port is free for the taking while the broker is down. */
  readonly configure: () => Promise<void>;
}

const prepared = async (options: BrokerOptions, jars: string, directory: string): Promise<Prepared> => {
  const { tls = false, sasl = false, settings = {}, heapMegabytes = 512 } = options;
  if (options.port !== undefined) await expectFree(options.port);
  const users = sasl === true ? BROKER_USERS : sasl === false ? [] : sasl;
  // Beside a port that was asked for, so that a developer finds them again; else wherever there is room.
  const { port } = options;
  const ports = port === undefined ? await freePorts(4) : [port, port + 1, port + 2, port + 3];
  const listeners: Listeners = {
    plaintext: `127.0.0.1:${ports[0]}`,
    // By name: a TLS client may not send an address as the name of the server that it means.
    ...(tls !== false && { tls: `localhost:${ports[1]}` }),
    ...(sasl !== false && { sasl: `127.0.0.1:${ports[2]}` }),
    ...(tls !== false && sasl !== false && { saslTls: `localhost:${ports[3]}` }),
  };
  const certificates = tls === false ? undefined : await certificatesIn(join(directory, 'certificates'));
  const configure = async (): Promise<void> => {
    const [port] = await freePorts(1);
    const controller = `127.0.0.1:${port}`;
    const lines = serverProperties({
      ...{ directory, listeners, controller, certificates, users },
      ...{ mutualTls: tls === 'mutual', extra: settings },
    });
    writeFileSync(propertiesOf(directory), lines, { mode: 0o600 });
  };
  await configure();
  if (!existsSync(join(directory, 'data', 'meta.properties'))) await format(jars, directory, users);
  return { jars, directory, listeners, users, certificates, heapMegabytes, configure, log: join(directory, 'broker.log') };
};

/** Also what tells its process from others. */
export const propertiesOf = (directory: string): string => join(directory, 'server.properties');

const format = async (jars: string, directory: string, users: readonly BrokerUser[]): Promise<void> => {
  const scram = users.flatMap(({ username, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => ['--add-scram', `${kind}=[name=${username},password=${password}]`]),
  );
  const java = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const command = ['kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', propertiesOf(directory)];
  const { ok, text } = await run(javaProgram(), [...java, '-cp', join(jars, '*'), ...command, ...scram], START_MS);
  if (!ok) throw new Error(`the broker's folder ${directory} could not be formatted: ${lastWords(text)}`);
};

/** 16 bytes in base64url, as Kafka makes them. A minus in front would read as an option. */
const clusterId = (): string => {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
};

const launch = ({ jars, directory, log, heapMegabytes }: Prepared, spawned: (pid: number) => void): Promise<number> =>
  startDaemon({
    name: 'broker',
    command: javaProgram(),
    args: [
      ...['-Xms64m', `-Xmx${heapMegabytes}m`, '-XX:+UseSerialGC'],
      ...['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'],
      // The one line that says that clients are served: the port is open long before.
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      ...['-cp', join(jars, '*'), 'kafka.Kafka', propertiesOf(directory)],
    ],
    cwd: directory,
    log,
    ready: (logged) => logged.includes(READY),
    timeoutMs: START_MS,
    spawned,
  });

const controlled = async (broker: Prepared, stays: boolean, temporary: boolean): Promise<NativeBroker> => {
  const { directory, listeners, users, certificates, log } = broker;
  const mark = propertiesOf(directory);
  let pid = 0;
  let guardian: Guardian | undefined;
  let gone = false;

  const start = async (): Promise<void> => {
    await launch(broker, (number) => {
      pid = number;
      writeFileSync(join(directory, 'pid'), String(number));
      guardian = stays ? undefined : guardProcess(number, temporary ? directory : undefined);
    }).catch((error: unknown) => {
      // Its number may soon be another's.
      guardian?.dismiss();
      throw error;
    });
  };
  const end = async (how: (pid: number, mark: string) => Promise<void>): Promise<void> => {
    await how(pid, mark);
    guardian?.dismiss();
    guardian = undefined;
  };

  await start();
  return {
    bootstrap: listeners.plaintext,
    ...{ listeners, users, certificates, directory, log },
    get pid() {
      return pid;
    },
    kill: () => end(killDaemon),
    stop: async ({ keepData = false } = {}) => {
      await end(stopDaemon);
      if (!temporary || keepData) return;
      rmSync(directory, { recursive: true, force: true });
      gone = true;
    },
    restart: async () => {
      if (gone)
        throw new Error(
          `the broker's temporary folder ${directory} was removed by \`stop\`: stop it with \`keepData\` to restart it`,
        );
      if (await isRunning(pid, mark)) await end(stopDaemon);
      await broker.configure();
      await start();
    },
  };
};
