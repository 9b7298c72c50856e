/**
 * Avro object container files of exported records. Source: Apache Avro 1.12 specification, "Object container files": a header (magic, metadata, sync
 * marker), then blocks (count, size, deflated records, sync marker).
 *
 * The sync marker is a digest of the header, so that the same log gives the same bytes each time. What is read may be of any origin: sizes are bounded
 * before anything is built of them, and every fault names its byte.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DecodeFailure } from '../../contracts/avro/decoded';
import { Reader } from '../../contracts/avro/reader';
import { Writer } from '../../contracts/avro/writer';
import { TOPICS } from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import type { ByteSource } from './byteSource';
import { ExportFault } from './exportFault';
import { RecordDecoder, SMALLEST_RECORD_BYTES } from './recordFormat';
import { containerSchema } from './topicSchema';
import type { ValueSchema } from './topicSchema';

export const CONTAINER_MAGIC = Buffer.from('Obj\u0001', 'latin1');
const SYNC_BYTES = 16;
const MOST_HEADER_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = 100;
/** Deflated or not: the largest record, and the block that it closes. */
const MOST_BLOCK_BYTES = 64 * 1024 * 1024;
const LONGEST_VARINT = 10;

/** What the header of a container says. */
export interface ContainerHeader {
  readonly topic: Topic;
  /** All of the topic, by id. */
  readonly schemas: ReadonlyMap<number, string>;
  /** By which the values are typed; undefined: none is. */
  readonly valueSchema: ValueSchema | undefined;
}

/** The bytes of the header; the last sixteen are the sync marker. */
export const headerBytes = ({ topic, schemas, valueSchema }: ContainerHeader): Buffer => {
  const metadata: readonly (readonly [string, string])[] = [
    ['avro.schema', containerSchema(valueSchema)],
    ['avro.codec', 'deflate'],
    ['policygate.topic', topic],
    ...(valueSchema === undefined ? [] : [['policygate.schema_id', String(valueSchema.id)] as const]),
    ['policygate.schemas', JSON.stringify(Object.fromEntries(schemas))],
  ];
  const writer = new Writer();
  writer.begin(0, { bytes: MOST_HEADER_BYTES, items: MOST_ENTRIES });
  writer.fixed(CONTAINER_MAGIC, CONTAINER_MAGIC.length);
  writer.array(metadata.length);
  for (const [name, text] of metadata) {
    writer.string(name);
    // Bytes by the specification; the same as a text of UTF-8.
    writer.string(text);
  }
  writer.endArray();
  const header = writer.finish();
  return Buffer.concat([header, createHash('sha256').update(header).digest().subarray(0, SYNC_BYTES)]);
};

export const syncMarkerOf = (header: Buffer): Buffer => header.subarray(header.length - SYNC_BYTES);

/** The bytes of one block. */
export const blockBytes = (records: readonly Uint8Array[], sync: Uint8Array): Buffer => {
  const deflated = deflateRawSync(Buffer.concat(records));
  const writer = new Writer();
  writer.begin(0, { bytes: MOST_BLOCK_BYTES, items: 0 });
  writer.long(records.length);
  writer.long(deflated.length);
  return Buffer.concat([writer.finish(), deflated, sync]);
};

/** Reads the header. Throws an ExportFault where it is not one that `headerBytes` writes. */
export const readHeader = async (source: ByteSource): Promise<{ readonly header: ContainerHeader; readonly sync: Buffer }> => {
  const magic = await source.take(CONTAINER_MAGIC.length, 'the start of an Avro container');
  if (!magic.equals(CONTAINER_MAGIC)) throw new ExportFault('at byte 0: expected an Avro object container (`Obj`, 1)');
  const metadata = new Map<string, string>();
  let bytes = 0;
  for (let count = await readLong(source); count !== 0; count = await readLong(source)) {
    if (count < 0) await readLong(source);
    for (let left = Math.abs(count); left > 0; left--) {
      const name = await readText(source);
      const text = await readText(source);
      bytes += name.length + text.length;
      if (metadata.size >= MOST_ENTRIES || bytes > MOST_HEADER_BYTES)
        throw new ExportFault(
          `at byte ${source.position}: metadata of more than ${MOST_ENTRIES} entries or ${MOST_HEADER_BYTES} bytes`,
        );
      metadata.set(name, text);
    }
  }
  const sync = await source.take(SYNC_BYTES, 'the sync marker');
  return { header: headerOf(metadata), sync };
};

const headerOf = (metadata: ReadonlyMap<string, string>): ContainerHeader => {
  const refuse = (what: string): never => {
    throw new ExportFault(`in the header: ${what}; expected a file that \`policygate export\` wrote`);
  };
  const codec = metadata.get('avro.codec');
  if (codec !== 'deflate') refuse(`codec \`${codec ?? 'null'}\``);
  const name = metadata.get('policygate.topic');
  const topic = TOPICS.find((one) => one === name) ?? refuse(`topic \`${name ?? 'none'}\``);
  const schemas = schemasOf(metadata.get('policygate.schemas') ?? '') ?? refuse('policygate.schemas cannot be read');
  const typed = metadata.get('policygate.schema_id');
  const text = typed === undefined ? undefined : (schemas.get(Number(typed)) ?? refuse(`schema id \`${typed}\` of no schema`));
  const valueSchema = text === undefined ? undefined : { id: Number(typed), text };
  if (metadata.get('avro.schema') !== containerSchema(valueSchema)) refuse('avro.schema is another');
  return { topic, schemas, valueSchema };
};

/** By id; undefined: not such a text. */
const schemasOf = (text: string): ReadonlyMap<number, string> | undefined => {
  try {
    const schemas = new Map<number, string>();
    for (const [id, schema] of Object.entries(JSON.parse(text) as object)) {
      if (!/^[0-9]{1,10}$/.test(id) || typeof schema !== 'string') return undefined;
      JSON.parse(schema);
      schemas.set(Number(id), schema);
    }
    return schemas;
  } catch {
    return undefined;
  }
};

/** The records behind the header, each with where it is in the file. Throws an ExportFault. */
export async function* readBlocks(
  source: ByteSource,
  { topic, valueSchema }: ContainerHeader,
  sync: Buffer,
): AsyncGenerator<{ readonly where: string; readonly record: BusRecord }> {
  const decoder = decoderOf(topic, valueSchema);
  const reader = new Reader();
  while (!(await source.atEnd())) {
    const at = source.position;
    const { count, raw } = await readBlock(source, sync);
    const fault = (error: unknown, record: number): unknown =>
      error instanceof DecodeFailure
        ? new ExportFault(`at byte ${at}: record ${record + 1} of the block: ${error.message}`)
        : error;
    try {
      reader.begin(raw, 0, { bytes: MOST_BLOCK_BYTES, items: raw.length });
    } catch (error) {
      throw fault(error, 0);
    }
    for (let index = 0; index < count; index++) {
      let record: BusRecord;
      try {
        record = decoder.decode(reader);
        if (index === count - 1) reader.finish();
      } catch (error) {
        throw fault(error, index);
      }
      yield { where: `at byte ${at}, record ${index + 1} of the block`, record };
    }
  }
}

const decoderOf = (topic: Topic, valueSchema: ValueSchema | undefined): RecordDecoder => {
  try {
    return new RecordDecoder(topic, valueSchema);
  } catch (error) {
    throw new ExportFault(`in the header: schema ${valueSchema?.id ?? 'none'} is none that bounds its values`, { cause: error });
  }
};

const readBlock = async (source: ByteSource, sync: Buffer): Promise<{ readonly count: number; readonly raw: Buffer }> => {
  const at = source.position;
  const fault = (what: string): ExportFault => new ExportFault(`at byte ${at}: ${what}`);
  const count = await readLong(source);
  const size = await readLong(source);
  if (count < 1) throw fault(`a block of ${count} records: expected one or more`);
  if (size < 0 || size > MOST_BLOCK_BYTES) throw fault(`a block of ${size} bytes: expected at most ${MOST_BLOCK_BYTES}`);
  const deflated = await source.take(size, 'a block');
  const marker = await source.take(SYNC_BYTES, 'the sync marker of a block');
  if (!marker.equals(sync)) throw fault('the sync marker behind the block is not that of the header');
  let raw: Buffer;
  try {
    raw = inflateRawSync(deflated, { maxOutputLength: MOST_BLOCK_BYTES });
  } catch {
    throw fault(`the block cannot be inflated to at most ${MOST_BLOCK_BYTES} bytes`);
  }
  if (count * SMALLEST_RECORD_BYTES > raw.length) throw fault(`${count} records in ${raw.length} bytes`);
  return { count, raw };
};

const readText = async (source: ByteSource): Promise<string> => {
  const size = await readLong(source);
  if (size < 0 || size > MOST_HEADER_BYTES)
    throw new ExportFault(`at byte ${source.position}: metadata of ${size} bytes: expected at most ${MOST_HEADER_BYTES}`);
  return (await source.take(size, 'the metadata')).toString('utf8');
};

/** A whole number within 2^53. */
const readLong = async (source: ByteSource): Promise<number> => {
  let magnitude = 0;
  let factor = 1;
  for (let size = 1; ; size++, factor *= 128) {
    const [byte = 0] = await source.take(1, 'a number');
    magnitude += (byte & 127) * factor;
    if (size > LONGEST_VARINT || magnitude > 2 * Number.MAX_SAFE_INTEGER)
      throw new ExportFault(`at byte ${source.position - size}: a number of 2^53 or more: expected less`);
    if (byte < 128) break;
  }
  return magnitude % 2 === 1 ? -(magnitude + 1) / 2 : magnitude / 2;
};
