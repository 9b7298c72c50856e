/** A shard's memory while it is folded again, and what comes of it, by topic. */
import type { Codec } from '../../contracts/avro/codec';
import type { AuditRecord } from '../../contracts/messages';
import { AUDIT_RECORDS, DEAD_LETTERS, DECISIONS } from '../../contracts/topics';
import type { BusRecord, OutgoingRecord } from '../../processor/bus';
import { fold } from '../../processor/fold';
import { setAside } from '../../processor/foldContext';
import { isInputTopic, POSITION_FIELD } from '../../processor/inputs';
import { RefoldContext } from '../refoldContext';
import type { DeadLetters } from './deadLetters';
import { portraitOf } from './portrait';
import type { Portrait } from './portrait';
import { runOfInput } from './runOfInput';

/** A decision, with the audit record that proves it. */
export interface Decided {
  readonly decision: OutgoingRecord;
  readonly audit: OutgoingRecord | undefined;
}

export class ReplayedShard {
  readonly context: RefoldContext;
  /** What came of the fold and is not compared yet; of the chosen run. */
  readonly audits: OutgoingRecord[] = [];
  readonly decisions: Decided[] = [];
  letters: DeadLetters | undefined;
  inputs = 0;
  deadLetters = 0;
  setAsideAsRecorded = 0;
  portrait: Portrait | undefined;
  /** Run of each output, in their order; only where one run is chosen. */
  private readonly runs: (string | undefined)[] = [];

  constructor(
    partition: number,
    private readonly codec: Codec,
    private readonly run: string | undefined,
    private readonly portraitAt: number | undefined,
  ) {
    this.context = new RefoldContext(partition, codec, { recorded: (record, hash) => this.recorded(record, hash) });
  }

  readonly fold = (input: BusRecord): void => {
    this.inputs += 1;
    const reason = this.letters?.unknownSchemaOf(input);
    if (reason === undefined) fold(this.context, input);
    else this.follow(input, reason);
  };

  /** Puts what the fold brought forth where it is compared; a dead letter is compared at once. Throws a Differs. */
  sortOutputs(): void {
    const { outputs } = this.context;
    let audit = 0;
    let decision: OutgoingRecord | undefined;
    for (const output of outputs) {
      if (output.topic === DECISIONS) decision = output;
      else if (output.topic === DEAD_LETTERS) this.checkLetter(output);
      else if (output.topic === AUDIT_RECORDS) {
        const isChosen = this.run === undefined || this.runs[audit] === this.run;
        audit += 1;
        // A decision comes just before the record that proves it.
        if (isChosen && decision !== undefined) this.decisions.push({ decision, audit: output });
        if (isChosen) this.audits.push(output);
        decision = undefined;
      }
    }
    outputs.length = 0;
    this.runs.length = 0;
  }

  /** What is to be written down is of no interest here, and would grow with every intent. */
  forgetTouched(): void {
    for (const { state } of this.context.shard.runs.values()) state.touched.intents.clear();
  }

  private recorded(record: AuditRecord, hash: Uint8Array): void {
    if (this.run === undefined) return;
    this.runs.push(record.run_id);
    if (record.run_id !== this.run || record.seq !== this.portraitAt) return;
    const ledger = this.context.shard.runs.get(this.run);
    if (ledger !== undefined) this.portrait = portraitOf(this.context.shard, ledger.state, record, hash);
  }

  private checkLetter(letter: OutgoingRecord): void {
    const run = this.run === undefined ? undefined : runOfInput(this.codec, topicOf(letter), letter.key);
    if (this.run !== undefined && run !== this.run) return;
    this.letters?.check(letter);
    this.deadLetters += 1;
  }

  /** An input whose schema nobody knew: it changed nothing, whatever it would say today. */
  private follow(input: BusRecord, reason: string): void {
    const { topic, offset, value } = input;
    if (!isInputTopic(topic)) throw new TypeError(`${topic} is no input of the processor`);
    this.context.shard.positions[POSITION_FIELD[topic]] = offset + 1;
    setAside(this.context, input, reason);
    if (this.codec.decodeValue(topic, value).ok) this.setAsideAsRecorded += 1;
  }
}

const topicOf = ({ headers = {} }: OutgoingRecord): OutgoingRecord['topic'] => headers.topic as OutgoingRecord['topic'];
