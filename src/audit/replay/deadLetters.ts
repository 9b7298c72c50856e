/**
 * A shard's dead letters, by the input that each was. They are few, so all are known before anything is folded: a letter of an unknown schema is an
 * outcome of its moment, which the replay follows, since the schema may have been registered later. Words on letters (retried, dropped) are no outcome of any
 * input: of these it is checked that they say something true.
 */
import { createHash } from 'node:crypto';
import type { Codec } from '../../contracts/avro/codec';
import { isDealing } from '../../contracts/deadLetter';
import { DEAD_LETTERS, INPUT_TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { InputPositions } from '../../contracts/messages';
import type { Bus, BusRecord, OutgoingRecord } from '../../processor/bus';
import { isInputTopic, POSITION_FIELD } from '../../processor/inputs';
import { recordsTo } from '../../processor/readTo';
import { dealingFault } from './dealtWith';
import { Differs } from './difference';
import { runOfInput } from './runOfInput';

/** A record that folding does not give. */
interface Surplus {
  readonly offset: number;
  readonly run: string | undefined;
  readonly what: string;
}

interface Letter {
  readonly offset: number;
  readonly run: string | undefined;
  /** Of everything in it. */
  readonly digest: string;
  /** The reason, where the schema was not known. */
  readonly unknownSchema: string | undefined;
  seen: boolean;
}

export class DeadLetters {
  private readonly letters = new Map<Topic, Map<number, Letter>>(INPUT_TOPICS.map((topic) => [topic, new Map<number, Letter>()]));
  /** Those that name no input, or one that has a letter already, or say of a letter what is not so. */
  private readonly surplus: Surplus[] = [];
  private end = 0;
  private any = false;

  private constructor(
    private readonly codec: Codec,
    private readonly partition: number,
  ) {}

  static async read(bus: Bus, codec: Codec, partition: number): Promise<DeadLetters> {
    const letters = new DeadLetters(codec, partition);
    for await (const record of recordsTo(bus, { topic: DEAD_LETTERS, partition, offset: 0 })) {
      if (isDealing(record.headers)) await letters.addDealing(bus, record);
      else letters.add(record);
    }
    return letters;
  }

  /** Why this input was set aside, where that was for a schema that nobody knew; undefined: it was not. */
  unknownSchemaOf({ topic, offset, value }: BusRecord): string | undefined {
    if (!this.any) return undefined;
    const reason = this.letters.get(topic)?.get(offset)?.unknownSchema;
    return reason?.includes(`schema id ${this.codec.schemaIdOf(value)};`) === true ? reason : undefined;
  }

  /** Throws a Differs unless this letter, which folding gives, is on the log. */
  check(again: OutgoingRecord): void {
    const { topic = '', offset = '' } = again.headers ?? {};
    const letter = this.letters.get(topic as Topic)?.get(Number(offset));
    const about = { topic: DEAD_LETTERS, partition: this.partition, again } as const;
    if (letter === undefined) {
      const what = `${topic}@${offset} was set aside, and there is no letter of it`;
      throw new Differs({ ...about, kind: 'missing', offset: this.end, what });
    }
    letter.seen = true;
    if (letter.digest === digestOf(again)) return;
    throw new Differs({ ...about, kind: 'changed', offset: letter.offset, what: `it is not the letter of ${topic}@${offset}` });
  }

  /** Throws a Differs if an input up to `positions` has a letter that folding did not give. */
  checkAll(positions: InputPositions, run: string | undefined): void {
    const left = [...this.surplus];
    for (const [topic, letters] of this.letters) {
      const end = isInputTopic(topic) ? positions[POSITION_FIELD[topic]] : 0;
      for (const [offset, letter] of letters) if (!letter.seen && offset < end) left.push({ ...letter, what: NOT_GIVEN });
    }
    const [first] = left.filter((letter) => run === undefined || letter.run === run).sort((a, b) => a.offset - b.offset);
    if (first === undefined) return;
    const { offset, what } = first;
    throw new Differs({ kind: 'extra', topic: DEAD_LETTERS, partition: this.partition, offset, what });
  }

  private add(record: BusRecord): void {
    const { topic = '', offset = '', reason = '' } = record.headers;
    const letter: Letter = {
      offset: record.offset,
      run: runOfInput(this.codec, topic as Topic, record.key),
      digest: digestOf(record),
      unknownSchema: reason.startsWith('UNKNOWN_SCHEMA_ID: ') ? reason : undefined,
      seen: false,
    };
    this.any = true;
    this.end = record.offset + 1;
    const letters = this.letters.get(topic as Topic);
    if (letters === undefined || !/^[0-9]{1,16}$/.test(offset) || letters.has(Number(offset)))
      this.surplus.push({ ...letter, what: NOT_GIVEN });
    else letters.set(Number(offset), letter);
  }

  private async addDealing(bus: Bus, record: BusRecord): Promise<void> {
    const { offset, key, headers } = record;
    this.end = offset + 1;
    const what = await dealingFault(bus, record);
    if (what !== undefined) this.surplus.push({ offset, run: runOfInput(this.codec, headers.topic as Topic, key), what });
  }
}

const NOT_GIVEN = 'folding its input again sets nothing aside';

const digestOf = ({ key, value, timestamp, headers = {} }: OutgoingRecord): string => {
  const parts = [key, value].map((bytes) => (bytes === null ? null : Buffer.from(bytes).toString('base64')));
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([...parts, timestamp, sorted]))
    .digest('base64');
};
