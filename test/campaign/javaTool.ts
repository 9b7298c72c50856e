/** Kafka's Java client, run from the jars that the native broker has anyway. Needs a JDK: a Java without a compiler cannot run KafkaTool.java. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { kafkaJars } from '../../infra/native/artifacts';
import { lastWords } from '../../infra/native/command';
import { javaProgram } from '../../infra/native/java';
import type { Topic } from '../../src/contracts/topics';
import { TOPICS } from '../../src/contracts/topics';
import { CollectedLog } from '../checks/rawLog';
import type { RawLog } from '../checks/rawLog';

const SOURCE = join(__dirname, 'KafkaTool.java');
const LIMIT_MS = 120_000;

/** This Java has no compiler. */
export class NoCompiler extends Error {
  override readonly name = 'NoCompiler';
}

export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** What Kafka's own client reads, read-committed. Rejects with NoCompiler where it cannot be run. */
export const logByJava = async (bootstrap: string, topicPrefix: string, shards: number): Promise<RawLog> => {
  const frames = new Frames(await java(['dump', bootstrap, topicPrefix]));
  const log = new CollectedLog(shards);
  while (!frames.done) {
    const name = frames.bytes()?.toString('utf8').slice(topicPrefix.length);
    const topic = TOPICS.find((one) => one === name);
    const partition = frames.int();
    const offset = frames.long();
    const timestamp = frames.long();
    const key = frames.bytes();
    const value = frames.bytes();
    const headers: Record<string, string> = {};
    for (let left = frames.int(); left > 0; left--) {
      const header = frames.bytes()?.toString('utf8') ?? '';
      headers[header] = frames.bytes()?.toString('utf8') ?? '';
    }
    if (topic === undefined) continue;
    if (offset < 0) log.setEnd(topic, partition, timestamp);
    else log.add({ topic, partition, offset, timestamp, key, value, headers });
  }
  return log;
};

/** Writes records in batches of another compression; answers with their offsets. */
export const produceByJava = async (
  bootstrap: string,
  compression: 'zstd' | 'snappy' | 'lz4' | 'gzip',
  records: readonly Produced[],
): Promise<readonly number[]> => {
  const frames = records.flatMap(({ topic, partition, key, value }) => {
    const numbers = Buffer.alloc(20);
    numbers.writeInt32BE(partition, 0);
    numbers.writeBigInt64BE(-1n, 4);
    numbers.writeBigInt64BE(BigInt(Date.now()), 12);
    return [sized(Buffer.from(topic, 'utf8')), numbers, sized(key), sized(value), Buffer.alloc(4)];
  });
  const printed = await java(['produce', bootstrap, compression], Buffer.concat(frames));
  return printed.toString('utf8').trim().split('\n').map(Number);
};

/** A topic of ours on the cluster. */
export const named = (topicPrefix: string, topic: Topic): string => `${topicPrefix}${topic}`;

const sized = (bytes: Uint8Array | null): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes?.length ?? -1);
  return bytes === null ? length : Buffer.concat([length, bytes]);
};

const java = async (args: readonly string[], input?: Buffer): Promise<Buffer> => {
  const options = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const classes = ['-cp', join(await kafkaJars(), '*')];
  return new Promise((resolve, reject) => {
    const child = spawn(javaProgram(), [...options, ...classes, SOURCE, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (piece: Buffer) => out.push(piece));
    child.stderr.on('data', (piece: Buffer) => (errors += piece.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(out));
      else if (/jdk\.compiler|compiler module/i.test(errors)) reject(new NoCompiler('this Java has no compiler'));
      else reject(new Error(`KafkaTool ${args[0] ?? ''} ended with ${signal ?? code ?? 'nothing'}: ${lastWords(errors)}`));
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? Buffer.alloc(0));
  });
};

class Frames {
  private at = 0;
  constructor(private readonly from: Buffer) {}

  get done(): boolean {
    return this.at >= this.from.length;
  }

  int(): number {
    this.at += 4;
    return this.from.readInt32BE(this.at - 4);
  }

  long(): number {
    this.at += 8;
    return Number(this.from.readBigInt64BE(this.at - 8));
  }

  bytes(): Buffer | null {
    const length = this.int();
    if (length < 0) return null;
    this.at += length;
    return this.from.subarray(this.at - length, this.at);
  }
}
