/**
 * Records a golden log with the engine of this tree: a data directory of two shards, which `policygate export` then turns into files. Usage:
 * `npm run golden:record -- DIRECTORY`. How and when: docs/log-versions.md.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '../../src/bus/embedded/embeddedBus';
import { runProgram } from '../../src/apps/cli/program';
import { ENGINE_VERSION, openSession } from '../../src/apps/session';
import type { Session } from '../../src/apps/session';
import { decimal } from '../../src/contracts/decimal';
import {
  CONTROL_EVENTS,
  EVERY_RUN,
  EXECUTION_EVENTS,
  MARKET_PRICES,
  ORDER_INTENTS,
  partitionOf,
} from '../../src/contracts/topics';
import type { OutgoingRecord, TransactionalWriter } from '../../src/processor/bus';
import type { Stopwatch } from '../../src/processor/observer';
import { Processor } from '../../src/processor/processor';
import { writeTradingDay } from '../support/tradingDay';
import { history } from './history';
import type { Entry } from './history';

const SHARDS = 2;
/** Shards are taken over again after so many records. */
const TAKEOVER_EVERY = 40;
const FIXED = { recordedAt: '2026-03-02T14:30:00.000000+00:00', evalMs: 0.125 };
const stopwatch: Stopwatch = { now: () => FIXED.recordedAt, timed: (work) => ({ value: work(), measured: FIXED }) };

/** What an entry is on the log: on every shard what concerns all, else on that of its run. */
const recordsOf = ({ codec }: Session, entry: Entry): readonly OutgoingRecord[] => {
  const key = Buffer.from(entry.run);
  const one = { partition: partitionOf(key, SHARDS), key, timestamp: entry.at };
  const all = (record: OutgoingRecord): OutgoingRecord[] =>
    Array.from({ length: SHARDS }, (_, partition) => ({ ...record, partition }));
  switch (entry.type) {
    case 'intent':
      return [{ ...one, topic: ORDER_INTENTS, value: codec.encodeValue(ORDER_INTENTS, entry.intent) }];
    case 'poison':
      return [{ ...one, topic: ORDER_INTENTS, value: Buffer.from(entry.bytes, 'hex') }];
    case 'execution': {
      const { run_id, intent_id } = entry.event;
      const executionKey = codec.encodeKey(EXECUTION_EVENTS, { run_id, intent_id });
      return [{ ...one, key: executionKey, topic: EXECUTION_EVENTS, value: codec.encodeValue(EXECUTION_EVENTS, entry.event) }];
    }
    case 'price': {
      const price = entry.price === null ? null : decimal(entry.price);
      return all({ ...one, topic: MARKET_PRICES, value: codec.encodeValue(MARKET_PRICES, { symbol: entry.symbol, price }) });
    }
    case 'control': {
      const { payload, reason = 'golden' } = entry;
      const value = codec.encodeValue(CONTROL_EVENTS, { actor: 'alice', reason, payload });
      const record: OutgoingRecord = { ...one, topic: CONTROL_EVENTS, value };
      return entry.run === EVERY_RUN ? all(record) : [record];
    }
  }
};

class Recorder {
  private processors: readonly Processor[] = [];
  private takeovers = 0;

  constructor(
    private readonly session: Session,
    private readonly writer: TransactionalWriter,
  ) {}

  async record(entries: readonly Entry[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      if (index % TAKEOVER_EVERY === 0) await this.takeOver();
      await this.writer.commit(recordsOf(this.session, entry));
      for (const processor of this.processors) while ((await processor.step({ maxRecords: 100, maxWaitMs: 0 })) > 0);
    }
    for (const processor of this.processors) await processor.close();
    await this.writer.close();
  }

  private async takeOver(): Promise<void> {
    for (const processor of this.processors) await processor.close();
    this.takeovers += 1;
    const { bus, codec } = this.session;
    const owner = `golden-${this.takeovers}`;
    this.processors = await Promise.all(
      Array.from({ length: SHARDS }, (_, partition) =>
        Processor.takeOver({ bus, codec, partition, owner, engineVersion: ENGINE_VERSION, stopwatch }),
      ),
    );
  }
}

const run = async (...args: readonly string[]): Promise<void> => {
  let errors = '';
  const code = await runProgram(args, { out: () => undefined, err: (text) => void (errors += text), interactive: false });
  if (code !== 0) throw new Error(`policygate ${args.join(' ')}: exit code ${code}: ${errors}`);
};

const record = async (directory: string): Promise<void> => {
  mkdirSync(directory, { recursive: true });
  await (await openEmbeddedBus({ directory, shards: SHARDS })).close();
  const files = mkdtempSync(join(tmpdir(), 'policygate-golden-'));
  try {
    const day = writeTradingDay((name) => join(files, name));
    await run('run', ...day, '--data-dir', directory, '--run-id', 'trading-day');
  } finally {
    rmSync(files, { recursive: true });
  }
  const scenario = (name: string): string => join(__dirname, '..', '..', 'scenarios', 'throttle_burst', name);
  const burst = [
    '--policy',
    'policy.yaml',
    '--intents',
    'intents.jsonl',
    '--portfolio',
    'portfolio.json',
    '--market',
    'market.json',
    '--execution',
    'execution.json',
  ].map((word) => (word.startsWith('--') ? word : scenario(word)));
  await run('run', ...burst, '--data-dir', directory, '--run-id', 'throttle/burst 1');
  const session = await openSession(directory);
  try {
    await new Recorder(session, await session.bus.writer('golden-publisher')).record(history());
  } finally {
    await session.bus.close();
  }
};

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: recordLog.ts DIRECTORY');
void record(directory);
