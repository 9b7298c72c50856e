/** `kafka.sh` and `registry.sh`: a broker and a schema registry for a developer, that stay until they are stopped. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from './artifacts';
import { propertiesOf, startNativeBroker, type BrokerOptions } from './broker';
import { isRunning, killDaemon, stopDaemon } from './daemon';
import { registryMark, registryUrl, startNativeRegistry } from './registry';

const HELP = `infra/native/kafka.sh start|restart|stop|kill|status [options]     one Kafka broker on 127.0.0.1 (Java 17, Maven)
  --port N          of the plaintext listener; default 9092
  --dir FOLDER      data, settings and log, kept; default: a folder for that port in ~/.cache/policygate
  --set key=value   a broker setting, may be repeated
  --tls             a TLS listener too, on the next port, its certificates in FOLDER/certificates
  --sasl            a listener with PLAIN and SCRAM too, on port + 2 (with --tls, both on port + 3); user trader, password trader-secret
  --heap N          megabytes; default 512
  --fresh           start: without the data of before
infra/native/registry.sh start|restart|stop|kill|status [options]  Apicurio Registry with its Confluent-compatible API
  --port N          default 8081
  --kafka ADDRESS   keep the schemas in that broker; default: in memory

  infra/native/kafka.sh start --port 9092 && infra/native/registry.sh start --port 8081
  export KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=${registryUrl(8081)}

start prints name=value lines and returns when clients are served. kill is SIGKILL, for trying out a crash; restart keeps data and options.`;

const OPTIONS = {
  port: { type: 'string' },
  dir: { type: 'string' },
  set: { type: 'string', multiple: true },
  heap: { type: 'string' },
  tls: { type: 'boolean' },
  sasl: { type: 'boolean' },
  fresh: { type: 'boolean' },
  kafka: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

/** The words behind `kafka.sh` or `registry.sh`. */
const main = async (program: string | undefined, words: string[]): Promise<void> => {
  const { values, positionals } = parseArgs({ args: words, options: OPTIONS, allowPositionals: true });
  const command = positionals[0];
  if (values.help === true || command === undefined) {
    print(HELP);
    return;
  }
  const port = wholeNumber('--port', values.port ?? (program === 'kafka' ? '9092' : '8081'));
  const directory = resolve(values.dir ?? join(cacheFolder(), `${program ?? ''}-${port}`));
  const mark = program === 'kafka' ? propertiesOf(directory) : registryMark(port);
  const start = async (): Promise<void> => {
    if (program === 'registry') return startRegistry(port, directory, values.kafka);
    const given: BrokerOptions = {
      ...(values.set !== undefined && { settings: Object.fromEntries(values.set.map(setting)) }),
      ...(values.tls !== undefined && { tls: values.tls }),
      ...(values.sasl !== undefined && { sasl: values.sasl }),
      ...(values.heap !== undefined && { heapMegabytes: wholeNumber('--heap', values.heap) }),
    };
    await startBroker(port, directory, given, values.fresh === true);
  };

  const pid = pidIn(directory);
  const running = pid !== undefined && (await isRunning(pid, mark));
  switch (command) {
    case 'start':
      if (running) throw new Error(`already running: pid ${pid}, folder ${directory}`);
      return start();
    case 'restart':
      if (running) await stopDaemon(pid, mark);
      return start();
    case 'stop':
      if (running) await stopDaemon(pid, mark);
      return;
    case 'kill':
      if (!running) throw new Error(`nothing runs in ${directory}`);
      return killDaemon(pid, mark);
    case 'status':
      print(running ? `running pid=${pid} dir=${directory}` : `stopped dir=${directory}`);
      process.exitCode = running ? 0 : 3;
      return;
    default:
      throw new Error(`unknown command \`${command}\`; expected start, restart, stop, kill or status`);
  }
};

/** The options of the last start are kept beside the data: a restart need not name them again. */
const startBroker = async (port: number, directory: string, given: BrokerOptions, fresh: boolean): Promise<void> => {
  if (fresh) rmSync(join(directory, 'data'), { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'options.json');
  const before = existsSync(file) && !fresh ? (JSON.parse(readFileSync(file, 'utf8')) as BrokerOptions) : {};
  const options: BrokerOptions = { ...before, ...given, port };
  const { bootstrap, listeners, pid, log } = await startNativeBroker({ ...options, directory, stays: true });
  writeFileSync(file, JSON.stringify(options));
  print(`bootstrap=${bootstrap}`);
  for (const [name, address] of Object.entries(listeners).slice(1)) print(`${name}=${address}`);
  print(`pid=${pid}\ndir=${directory}\nlog=${log}`);
};

const startRegistry = async (port: number, directory: string, kafka: string | undefined): Promise<void> => {
  const { url, pid, log } = await startNativeRegistry({ port, directory, stays: true, ...(kafka !== undefined && { kafka }) });
  print(`url=${url}\npid=${pid}\nlog=${log}`);
};

const pidIn = (directory: string): number | undefined => {
  const file = join(directory, 'pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
};

const wholeNumber = (option: string, text: string): number => {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535) throw new Error(`${option}: expected 1 to 65535, got \`${text}\``);
  return value;
};

const setting = (text: string): [string, string] => {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--set: expected key=value, got \`${text}\``);
  return [text.slice(0, at), text.slice(at + 1)];
};

main(process.argv[2], process.argv.slice(3)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
