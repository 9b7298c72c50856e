/** A log with every record decoded at most once, when it is first asked for: what all checks share. */
import type { InputTopic, Topic } from '../../src/contracts/topics';
import {
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
} from '../../src/contracts/topics';
import type { BusRecord } from '../../src/processor/bus';
import type { Audit, Control, Decision, Execution } from './decoding';
import { decoded, decodedAudit, decodedDecision, decodedExecution, payloadName } from './decoding';
import type { Poison } from './evidence';
import type { Findings } from './findings';
import type { RawLog } from './rawLog';

/** A control event on its topic. */
export interface LoggedControl {
  readonly offset: number;
  /** The run that it is for; `*`: every run. */
  readonly about: string;
  /** What happened, such as `KillSwitchTripped`. */
  readonly name: string;
  readonly control: Control;
}

/** Dead letters by the offset of the input that they are of; those of no input topic under undefined. */
type Letters = ReadonlyMap<string | undefined, ReadonlyMap<number, readonly BusRecord[]>>;

export class DecodedLog {
  private readonly poisoned = new Set<string>();
  private readonly kept = new Map<string, unknown>();

  /** What cannot be decoded, and was written by the services, is a finding; the checks see the rest. */
  constructor(
    readonly log: RawLog,
    poison: readonly Poison[],
    private readonly findings: Findings,
  ) {
    for (const { topic, partition, offset } of poison) this.poisoned.add(`${topic}/${partition}@${offset}`);
  }

  get shards(): number {
    return this.log.shards;
  }

  audits(partition: number): readonly Audit[] {
    return this.once('audits', partition, () => this.written(AUDIT_RECORDS, partition, decodedAudit));
  }

  decisions(partition: number): readonly Decision[] {
    return this.once('decisions', partition, () => this.written(DECISIONS, partition, decodedDecision));
  }

  /** Of gateways, which say how far they have read; what strangers report are facts, but of no order of ours. Without those that were set aside. */
  executions(partition: number): readonly Execution[] {
    const ofGateways = (record: BusRecord): Execution | undefined =>
      record.headers.control_position === undefined ? undefined : decodedExecution(record);
    return this.once('executions', partition, () => this.believed(EXECUTION_EVENTS, partition, ofGateways));
  }

  /** Those that were not set aside. */
  controls(partition: number): readonly LoggedControl[] {
    return this.once('controls', partition, () => this.believed(CONTROL_EVENTS, partition, decodedControl));
  }

  letters(partition: number): Letters {
    return this.once('letters', partition, () => lettersOf(this.log.records(DEAD_LETTERS, partition)));
  }

  isPoison(topic: Topic, partition: number, offset: number): boolean {
    return this.poisoned.size > 0 && this.poisoned.has(`${topic}/${partition}@${offset}`);
  }

  private written<T>(topic: Topic, partition: number, decode: (record: BusRecord) => T | undefined): readonly T[] {
    return this.log.records(topic, partition).flatMap((record) => {
      const one = decode(record);
      if (one !== undefined) return [one];
      this.findings.add('readable', `${topic}/${partition}@${record.offset} cannot be read`);
      return [];
    });
  }

  /** Bytes of strangers must not reach avsc: what was set aside is not decoded, nor what should have been. */
  private believed<T>(topic: InputTopic, partition: number, decode: (record: BusRecord) => T | undefined): readonly T[] {
    const setAside = this.letters(partition).get(topic);
    return this.log.records(topic, partition).flatMap((record) => {
      if (setAside?.has(record.offset) === true || this.isPoison(topic, partition, record.offset)) return [];
      const one = decode(record);
      return one === undefined ? [] : [one];
    });
  }

  private once<T>(what: string, partition: number, make: () => T): T {
    const name = `${what}/${partition}`;
    let made = this.kept.get(name) as T | undefined;
    if (made === undefined) this.kept.set(name, (made = make()));
    return made;
  }
}

const decodedControl = ({ offset, key, value }: BusRecord): LoggedControl | undefined => {
  const control = decoded('ControlEvent', value) as Control | undefined;
  if (control === undefined || key === null) return undefined;
  return { offset, about: Buffer.from(key).toString('utf8'), name: payloadName(control), control };
};

const lettersOf = (records: readonly BusRecord[]): Letters => {
  const letters = new Map<string | undefined, Map<number, BusRecord[]>>();
  for (const letter of records) {
    const topic = INPUT_TOPICS.find((input) => input === letter.headers.topic);
    let ofTopic = letters.get(topic);
    if (ofTopic === undefined) letters.set(topic, (ofTopic = new Map()));
    const offset = Number(letter.headers.offset);
    const before = ofTopic.get(offset);
    if (before === undefined) ofTopic.set(offset, [letter]);
    else before.push(letter);
  }
  return letters;
};
