/**
 * A real schema registry without Docker: Apicurio Registry with its Confluent-compatible API, on this machine, from Maven Central, with Java 17
 * or newer. In memory (`stop` forgets everything), or in the topics of a broker.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryFolder, registryJar } from './artifacts';
import { isRunning, killDaemon, startDaemon, stopDaemon } from './daemon';
import { guardProcess, type Guardian } from './guardian';
import { javaProgram } from './java';
import { expectFree, freePorts } from './ports';

export interface RegistryOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** `host:port` of the broker that keeps its schemas, in topics that it makes itself. Default: in memory. */
  readonly kafka?: string;
  /** Where its log is; default: a temporary folder, removed by `stop`. */
  readonly directory?: string;
  /** It outlives this process. Default: it is killed when this process ends. */
  readonly stays?: boolean;
}

export interface NativeRegistry {
  /** The root of the Confluent-compatible API; the same after a restart. */
  readonly url: string;
  readonly log: string;
  /** Another one after a restart. */
  readonly pid: number;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Starts it again after a `kill`, stops it first if it runs. In memory, it then knows nothing. */
  readonly restart: () => Promise<void>;
}

const START_MS = 90_000;

/** Returns when it answers. Throws an Error that says in one line what is missing, or how the registry ended. */
export const startNativeRegistry = async (options: RegistryOptions = {}): Promise<NativeRegistry> => {
  const program = await registryFolder();
  if (options.port !== undefined) await expectFree(options.port);
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'policygate-registry-'));
  mkdirSync(directory, { recursive: true });
  const temporary = options.directory === undefined;
  const removeTemporary = (): void => (temporary ? rmSync(directory, { recursive: true, force: true }) : undefined);

  const url = registryUrl(port);
  const log = join(directory, 'registry.log');
  const mark = registryMark(port);
  let pid = 0;
  let guardian: Guardian | undefined;
  const start = async (): Promise<void> => {
    await launch({ program, port, kafka: options.kafka, log }, (number) => {
      pid = number;
      writeFileSync(join(directory, 'pid'), String(number));
      guardian = options.stays === true ? undefined : guardProcess(number, temporary ? directory : undefined);
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

  try {
    await start();
  } catch (error) {
    removeTemporary();
    throw error;
  }
  return {
    ...{ url, log },
    get pid() {
      return pid;
    },
    kill: () => end(killDaemon),
    stop: async () => {
      await end(stopDaemon);
      removeTemporary();
    },
    restart: async () => {
      mkdirSync(directory, { recursive: true });
      if (await isRunning(pid, mark)) await end(stopDaemon);
      await start();
    },
  };
};

export const registryUrl = (port: number): string => `http://127.0.0.1:${port}/apis/ccompat/v7`;

/** On its command line: what tells its process from others. */
export const registryMark = (port: number): string => `-Dquarkus.http.port=${port}`;

interface Launch {
  readonly program: string;
  readonly port: number;
  readonly kafka: string | undefined;
  readonly log: string;
}

const launch = ({ program, port, kafka, log }: Launch, spawned: (pid: number) => void): Promise<number> => {
  const storage =
    kafka === undefined
      ? ['-Dapicurio.storage.kind=sql']
      : ['-Dapicurio.storage.kind=kafkasql', `-Dapicurio.kafkasql.bootstrap.servers=${kafka}`];
  return startDaemon({
    name: 'schema registry',
    command: javaProgram(),
    args: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dquarkus.http.host=127.0.0.1', registryMark(port)],
      ...storage,
      ...['-jar', registryJar(program)],
    ],
    cwd: program,
    log,
    ready: () => answers(registryUrl(port)),
    timeoutMs: START_MS,
    spawned,
  });
};

/** Whether a registry answers there. */
export const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};
