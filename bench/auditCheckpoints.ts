/** Checkpoints over the audit records of an embedded bus: what signing costs for each record, and how large the evidence of a decision is. */
import { join } from 'node:path';
import { SigningKey } from '../src/audit/checkpoint/checkpointKeys';
import { makeCheckpoints } from '../src/audit/checkpoint/makeCheckpoints';
import { verifyShard } from '../src/audit/checkpoint/verifyCheckpoints';
import { collectEvidence } from '../src/audit/evidence/collectEvidence';
import { readEvidence } from '../src/audit/evidence/evidence';
import { verifyEvidence } from '../src/audit/evidence/verifyEvidence';
import { MerkleTree } from '../src/audit/merkle';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { Codec } from '../src/contracts/avro/codec';
import { localRegistry } from '../src/contracts/avro/localRegistry';
import { AUDIT_RECORDS } from '../src/contracts/topics';
import type { Bus } from '../src/processor/bus';
import { recordsTo } from '../src/processor/readTo';
import type { Benchmark, Figure } from './benchmark';
import { figure, progress, sized } from './benchmark';
import { EmbeddedShard } from './embeddedShard';
import { intentRecords } from './inputs';
import { median, spread, timed, timedAsync } from './measure';
import { RUN_ID } from './workload';

const SYMBOLS = 1_000;
const BATCH = 1_000;
const ROUNDS = 5;
/** As the settings have it. */
const EVERY_RECORDS = 10_000;

export const auditCheckpointsBenchmark: Benchmark = {
  name: 'checkpoints',
  what: 'signing the audit records of an embedded bus, and the evidence of one decision',
  run: async (setting) => {
    const intents = sized(setting, 200_000, 20_000);
    const directory = join(setting.directory, 'checkpoints');
    await decide(directory, intents);
    progress(`a log of ${intents} intents is written`);
    const bus = await openEmbeddedBus({ directory });
    const codec = new Codec(await localRegistry(bus.schemas));
    const key = SigningKey.generate('bench/gate');
    const tree = treeFigure(sized(setting, 1_000_000, 100_000));
    const publish = await publishFigure(bus, codec, key);
    const verify = await verifyFigure(bus, codec, key);
    const evidence = await evidenceFigures(bus, codec, key, intents);
    await bus.close();
    return [tree, publish, verify, ...evidence];
  },
};

const decide = async (directory: string, intents: number): Promise<void> => {
  const shard = await EmbeddedShard.open(directory);
  await shard.start(SYMBOLS);
  for (let next = 0; next < intents; next += BATCH) await shard.feed(intentRecords(shard.codec, next, BATCH, SYMBOLS));
  await shard.close();
};

/** The arithmetic alone: two hashes for each leaf. */
const treeFigure = (leaves: number): Figure => {
  const data = Buffer.alloc(32, 7);
  const costs = Array.from({ length: ROUNDS }, () => {
    const tree = new MerkleTree();
    const milliseconds = timed(() => {
      for (let n = 0; n < leaves; n++) tree.add(data);
      tree.root();
    });
    return (milliseconds * 1e6) / leaves;
  });
  return figure('checkpoints/tree', 'one record into the tree', [median(costs), 'ns'], { details: { ...spread(costs), leaves } });
};

/** Reading included: once over the whole log, signed every 10,000 records. */
const publishFigure = async (bus: Bus, codec: Codec, key: SigningKey): Promise<Figure> => {
  let [records, checkpoints] = [0, 0];
  const options = { bus, codec, key, now: Date.now, everyRecords: EVERY_RECORDS, everyMs: Infinity, untilEnd: true };
  const onPublished = (): void => void (checkpoints += 1);
  const milliseconds = await timedAsync(() =>
    makeCheckpoints({ ...options, onPublished, onRead: (read) => (records += read) }, new AbortController().signal),
  );
  const details = { records, checkpoints, per_second: Math.round((records / milliseconds) * 1_000) };
  return figure('checkpoints/publish', 'one record, read and signed', [(milliseconds * 1_000) / records, 'us'], { details });
};

const verifyFigure = async (bus: Bus, codec: Codec, key: SigningKey): Promise<Figure> => {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let records = 0;
    const milliseconds = await timedAsync(async () => {
      const report = await verifyShard({ bus, codec, key: key.publicKey, partition: 0, filed: undefined });
      if (report.faults.length > 0) throw new Error(report.faults[0]?.what);
      records = report.records;
    });
    rates.push((records / milliseconds) * 1_000);
  }
  const what = 'records read, decoded, hashed and compared with the checkpoints';
  return figure('checkpoints/verify', what, [median(rates), '/s'], { details: spread(rates) });
};

/** Of decisions at the beginning, in the middle and at the end of the log. */
const evidenceFigures = async (bus: Bus, codec: Codec, key: SigningKey, intents: number): Promise<readonly Figure[]> => {
  const intentIds = await someDecisions(bus, codec, [0, Math.floor(intents / 2), intents - 1]);
  const [sizes, collecting, checking]: [number[], number[], number[]] = [[], [], []];
  for (const intentId of intentIds) {
    let text = '';
    const options = { bus, codec, key: key.publicKey, runId: RUN_ID, intentId };
    collecting.push(await timedAsync(async () => (text = await collectEvidence(options))));
    sizes.push(Buffer.byteLength(text));
    checking.push(
      timed(() => {
        const evidence = readEvidence(text);
        const proven = evidence.ok ? verifyEvidence(evidence.value, key.publicKey) : evidence;
        if (!proven.ok) throw new Error(proven.error);
      }),
    );
  }
  return [
    figure('checkpoints/evidence', 'evidence of one decision', [median(sizes), 'bytes'], { details: spread(sizes) }),
    figure('checkpoints/prove', 'gathering it from the log', [median(collecting), 'ms'], { details: spread(collecting) }),
    figure('checkpoints/check', 'checking it', [median(checking), 'ms'], { details: spread(checking) }),
  ];
};

const someDecisions = async (bus: Bus, codec: Codec, places: readonly number[]): Promise<readonly string[]> => {
  const found: string[] = [];
  let decisions = 0;
  for await (const { value } of recordsTo(bus, { topic: AUDIT_RECORDS, partition: 0, offset: 0 })) {
    const audit = codec.decodeAudit(value);
    if (!audit.ok || audit.value.record.kind !== 'DECISION') continue;
    if (places.includes(decisions)) found.push(audit.value.record.intent?.intent_id ?? '');
    decisions += 1;
  }
  return found;
};
