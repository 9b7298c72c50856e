/**
 * A shard's audit log against a model of the policy engine that shares no code with it: promises 1, 6, 13 and 14 of test/checks/promises.ts, and the rules
 * of the policy.
 *
 * The audit records say in which order the shard took its inputs: each has the positions of all four topics after it. In that order the model takes the
 * same inputs, and every record that comes of one must be what the model says. The first difference of a run is told, and the run is left alone from
 * there on: what follows from a difference differs, too. What has a dead letter is passed over, but for intents that have an answer coming.
 */
import {
  CONTROL_EVENTS,
  EVERY_RUN,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
  MARKET_PRICES,
  ORDER_INTENTS,
} from '../../../src/contracts/topics';
import type { InputTopic } from '../../../src/contracts/topics';
import type { BusRecord } from '../../../src/processor/bus';
import { bodyOf } from '../decoding';
import type { Audit } from '../decoding';
import type { Findings } from '../findings';
import type { RawLog } from '../rawLog';
import { differenceOf } from './compare';
import type { ModelCheck } from './compare';
import type { Expected } from './expected';
import { faultsOfAdmission, growthBy } from './exposure';
import { controlIn, executionIn, intentIn, keyOf, priceIn, setAside } from './inputs';
import { schemaOf, wronglySetAside } from './letters';
import type { Intent, RecordedAudit } from './recorded';
import { recordedOf } from './recorded';
import { ModelShard } from './shard';

/** Whether a record is known to be a stranger's, whatever became of it: its bytes are not given to avsc. */
export type IsStranger = (topic: InputTopic, offset: number) => boolean;

export const checkModel = (
  log: RawLog,
  partition: number,
  audits: readonly Audit[],
  findings: Findings,
  isStranger: IsStranger = () => false,
): void => {
  new ModelCheckOfShard(log, partition, findings, isStranger).follow(audits.map(recordedOf));
};

const FIELD: Readonly<Record<InputTopic, string>> = {
  [ORDER_INTENTS]: 'order_intents',
  [MARKET_PRICES]: 'market_prices',
  [CONTROL_EVENTS]: 'control_events',
  [EXECUTION_EVENTS]: 'execution_events',
};

/** One input topic of the shard, as far as it is folded. */
interface Source {
  readonly topic: InputTopic;
  readonly records: readonly BusRecord[];
  readonly letters: ReadonlySet<number>;
  /** Of the records that were taken. */
  readonly schemas: ReadonlySet<number>;
  /** Of the next record. */
  at: number;
  /** Next offset. */
  position: number;
}

const schemasOf = (records: readonly BusRecord[], letters: ReadonlySet<number>): ReadonlySet<number> => {
  const schemas = new Set<number>();
  // Asked for dead letters alone.
  if (letters.size === 0) return schemas;
  for (const { offset, value } of records)
    if (!letters.has(offset) && value !== null && value.length >= 5) schemas.add(schemaOf(value));
  return schemas;
};

class ModelCheckOfShard {
  private readonly shard = new ModelShard();
  private readonly sources: readonly Source[];

  constructor(
    log: RawLog,
    private readonly partition: number,
    private readonly findings: Findings,
    private readonly isStranger: IsStranger,
  ) {
    this.sources = INPUT_TOPICS.map((topic) => {
      const records = log.records(topic, partition);
      const letters = setAside(log, topic, partition);
      return { topic, records, letters, schemas: schemasOf(records, letters), at: 0, position: 0 };
    });
  }

  follow(audits: readonly RecordedAudit[]): void {
    let next = 0;
    for (let first = audits[next]; first !== undefined; first = audits[next]) {
      const { input } = first;
      const start = next;
      while (audits[next]?.input.offset === input.offset && audits[next]?.input.topic === input.topic) next += 1;
      this.takeGroup(first, audits.slice(start, next));
    }
  }

  /** All records of one input: everything that was folded before it, then the input itself. */
  private takeGroup(first: RecordedAudit, group: readonly RecordedAudit[]): void {
    const { input, positions } = first;
    const own = this.sources.find(({ topic }) => topic === input.topic);
    if (own === undefined || input.partition !== this.partition)
      return this.tell('model: journal', `${this.where(first)}: ${input.topic}/${input.partition} is no input of this shard`);
    for (const source of this.sources) {
      const upTo = source === own ? input.offset : (positions[FIELD[source.topic]] ?? 0);
      if (upTo < source.position) {
        const again = source === own ? 'was folded before' : `its position in ${source.topic} lies behind the one before`;
        this.tell('model: journal', `${this.where(first)}: ${input.topic}@${input.offset}: ${again}`);
        if (source === own) return;
      }
      this.foldTo(source, upTo);
    }
    if (positions[FIELD[own.topic]] !== input.offset + 1)
      this.tell('model: journal', `${this.where(first)}: its position in ${own.topic} is not the one behind its input`);
    const record = own.records[own.at];
    if (record?.offset !== input.offset || record.timestamp !== input.timestamp)
      return this.tell('model: journal', `${this.where(first)}: ${input.topic}@${input.offset} is not on the log as it says`);
    this.takeOwn(own, record, group);
  }

  /** Inputs of which nothing was recorded. */
  private foldTo(source: Source, end: number): void {
    for (
      let record = source.records[source.at];
      record !== undefined && record.offset < end;
      record = source.records[source.at]
    ) {
      source.at += 1;
      const expected = this.fold(source, record);
      for (const { run, seq, kind } of expected) {
        if (run.lost) continue;
        run.lost = true;
        const where = `${source.topic}/${this.partition}@${record.offset}, run ${run.id}, seq ${seq}`;
        this.tell('model: journal', `${where}: expected ${kind}, found no record`);
      }
    }
    source.position = Math.max(source.position, end);
  }

  private takeOwn(source: Source, record: BusRecord, group: readonly RecordedAudit[]): void {
    source.at += 1;
    source.position = record.offset + 1;
    const intent = source.topic === ORDER_INTENTS && !source.letters.has(record.offset) ? intentIn(record) : undefined;
    if (intent !== undefined) for (const audit of group) this.checkAdmission(record, intent, audit);
    if (source.topic !== CONTROL_EVENTS && !source.letters.has(record.offset)) this.checkBytes(record, group);
    const expected = this.fold(source, record).filter(({ run }) => !run.lost);
    const found = group.filter(({ run_id }) => this.shard.runs.get(run_id)?.lost !== true);
    for (let at = 0; at < Math.max(expected.length, found.length); at++) this.compare(expected[at], found[at], intent, record);
  }

  private compare(
    expected: Expected | undefined,
    audit: RecordedAudit | undefined,
    intent: Intent | undefined,
    record: BusRecord,
  ): void {
    const about = intent === undefined ? '' : `, intent ${intent.intent_id}`;
    if (expected === undefined || audit?.run_id !== expected.run.id) {
      const lost = [expected?.run, audit === undefined ? undefined : this.shard.runs.get(audit.run_id)];
      for (const run of lost) if (run !== undefined) run.lost = true;
      const wanted = expected === undefined ? 'no record' : `${expected.kind} of run ${expected.run.id} (seq ${expected.seq})`;
      const found = audit === undefined ? 'no record' : `${audit.kind} of run ${audit.run_id} (seq ${audit.seq})`;
      const where = `${record.topic}/${this.partition}@${record.offset}${about}`;
      return this.tell('model: journal', `${where}: expected ${wanted}, found ${found}`);
    }
    if (expected.run.lost) return;
    const difference = differenceOf(expected, audit, intent);
    if (difference === undefined) return;
    expected.run.lost = true;
    this.tell(difference.check, `${this.where(audit)}${about}: ${difference.what}`);
  }

  /** Whatever the model would answer: an order that was admitted must keep within the limits. */
  private checkAdmission(record: BusRecord, intent: Intent, audit: RecordedAudit): void {
    const order = audit.decision?.order ?? null;
    const run = this.shard.runs.get(audit.run_id);
    if (order === null || run === undefined || run.lost) return;
    const clock = Math.max(run.clock, record.timestamp);
    const faults = faultsOfAdmission(run, intent, order, this.shard.prices, clock);
    for (const fault of faults) this.tell('exposure', `${this.where(audit)}, intent ${intent.intent_id}: ${fault}`);
  }

  /** Intents and reports stand in their records byte for byte. */
  private checkBytes(record: BusRecord, group: readonly RecordedAudit[]): void {
    const body = bodyOf(record.value ?? new Uint8Array());
    for (const audit of group)
      if (audit.kind !== 'KILL_SWITCH' && !audit.hashed.includes(body))
        this.tell('model: journal', `${this.where(audit)}: its input does not stand in it as it came`);
  }

  private fold(source: Source, record: BusRecord): readonly Expected[] {
    const { shard } = this;
    const { offset, timestamp } = record;
    if (source.letters.has(offset)) {
      const isStranger = this.isStranger(source.topic, offset);
      const fault = isStranger ? undefined : wronglySetAside(shard, source.topic, record, source.schemas);
      if (fault !== undefined) this.tell('model: journal', `${source.topic}/${this.partition}@${offset}: ${fault}`);
      return [];
    }
    if (this.isStranger(source.topic, offset)) return [];
    const key = keyOf(record) ?? '';
    switch (source.topic) {
      case MARKET_PRICES: {
        const price = priceIn(record);
        if (price === undefined) return this.unreadable(source, offset);
        shard.foldPrice(price);
        return [];
      }
      case ORDER_INTENTS: {
        const intent = intentIn(record);
        if (intent === undefined) return this.unreadable(source, offset);
        const controls = this.sources.find(({ topic }) => topic === CONTROL_EVENTS)?.position ?? 0;
        return shard.foldIntent(key, intent, bodyOf(record.value ?? new Uint8Array()), timestamp, controls);
      }
      case EXECUTION_EVENTS: {
        const report = executionIn(record);
        if (report === undefined) return this.unreadable(source, offset);
        return this.foldReport(report, timestamp);
      }
      case CONTROL_EVENTS: {
        const control = controlIn(record);
        if (control === undefined) return this.unreadable(source, offset);
        return key === EVERY_RUN ? shard.foldControlOfEveryRun(control, timestamp) : [shard.foldControl(key, control, timestamp)];
      }
    }
  }

  private foldReport(report: NonNullable<ReturnType<typeof executionIn>>, timestamp: number): readonly Expected[] {
    const expected: Expected[] = [];
    const fold = (): void => void expected.push(this.shard.foldExecution(report, timestamp));
    const run = this.shard.runs.get(report.run_id);
    if (run === undefined) fold();
    else {
      const fault = growthBy(run, report, fold);
      if (fault !== undefined && !run.lost) this.tell('exposure', `run ${run.id}: ${fault}`);
    }
    return expected;
  }

  private unreadable({ topic }: Source, offset: number): readonly never[] {
    this.tell('model: journal', `${topic}/${this.partition}@${offset}: it cannot be read, and was not set aside`);
    return [];
  }

  private where({ offset, run_id, seq }: RecordedAudit): string {
    return `audit-records/${this.partition}@${offset}, run ${run_id}, seq ${seq}`;
  }

  private tell(check: ModelCheck, what: string): void {
    this.findings.add(check, what);
  }
}
