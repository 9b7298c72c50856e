/** How records become the bytes of a file: an Avro container, or lines of JSON. */
import { blockBytes, headerBytes, syncMarkerOf } from '../../audit/export/container';
import type { ExportFormat } from '../../audit/export/manifest';
import { RecordEncoder } from '../../audit/export/recordFormat';
import { schemasOfTopic, valueSchemaFor } from '../../audit/export/topicSchema';
import type { ValueSchema } from '../../audit/export/topicSchema';
import type { Codec } from '../../contracts/avro/codec';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { exportLine } from './exportLine';

/** Of the files of a topic that have the same schema. */
export interface RecordEncoding {
  /** By which values are typed; null: none is. */
  readonly schemaId: number | null;
  /** All in the header. */
  readonly schemaIds: readonly number[];
  readonly header: Buffer;
  encode(record: BusRecord): Buffer;
  block(records: readonly Uint8Array[]): Buffer;
}

export class FileEncoding {
  private readonly encodings = new Map<string, RecordEncoding>();

  constructor(
    private readonly format: ExportFormat,
    private readonly codec: Codec,
    /** Of the log and of what was exported before. */
    private readonly schemas: ReadonlyMap<number, string>,
  ) {}

  /** `first`: the first value of a new file, or the schema id of one that is there. */
  of(topic: Topic, first: Uint8Array | number | null): RecordEncoding {
    const schema = this.format === 'jsonl' ? undefined : this.schemaOf(topic, first);
    const name = `${topic} ${schema?.id ?? ''}`;
    const known = this.encodings.get(name);
    if (known !== undefined) return known;
    const made = this.format === 'jsonl' ? lines(this.codec) : container(topic, this.schemas, schema);
    this.encodings.set(name, made);
    return made;
  }

  private schemaOf(topic: Topic, first: Uint8Array | number | null): ValueSchema | undefined {
    if (typeof first !== 'number') {
      const { ids } = this.codec.registered;
      return valueSchemaFor(topic, { ids, schemas: this.schemas }, first);
    }
    const text = this.schemas.get(first);
    return text === undefined ? undefined : { id: first, text };
  }
}

const lines = (codec: Codec): RecordEncoding => ({
  schemaId: null,
  schemaIds: [],
  header: Buffer.alloc(0),
  encode: (record) => Buffer.from(`${exportLine(codec, record)}\n`),
  block: (records) => Buffer.concat(records),
});

const container = (topic: Topic, schemas: ReadonlyMap<number, string>, valueSchema: ValueSchema | undefined): RecordEncoding => {
  const ofTopic = schemasOfTopic(topic, schemas);
  const header = headerBytes({ topic, schemas: ofTopic, valueSchema });
  const sync = syncMarkerOf(header);
  const encoder = new RecordEncoder(topic, valueSchema);
  return {
    schemaId: valueSchema?.id ?? null,
    schemaIds: [...ofTopic.keys()],
    header,
    encode: (record) => encoder.encode(record),
    block: (records) => blockBytes(records, sync),
  };
};
