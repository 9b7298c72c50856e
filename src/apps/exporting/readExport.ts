/** Reads one file of an export, Avro or JSONL: the records as they were on the log. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ByteSource } from '../../audit/export/byteSource';
import { CONTAINER_MAGIC, readBlocks, readHeader } from '../../audit/export/container';
import { ExportFault } from '../../audit/export/exportFault';
import { MANIFEST_FILE } from '../../audit/export/manifest';
import type { Manifest } from '../../audit/export/manifest';
import { schemasOfTopic } from '../../audit/export/topicSchema';
import { Codec } from '../../contracts/avro/codec';
import { localRegistry } from '../../contracts/avro/localRegistry';
import type { Topic } from '../../contracts/topics';
import type { BusRecord } from '../../processor/bus';
import { Failure } from '../failure';
import { linesOf, unreadable } from '../files';
import { readExportLine, topicOf } from './exportLine';
import { readManifestFile } from './manifestFile';

/** A record with where it is: the file, and the byte or the line in it. */
export interface PlacedRecord {
  readonly where: string;
  readonly record: BusRecord;
}

export interface OpenedExportFile {
  readonly topic: Topic;
  /** All schemas of the topic's values and keys, by id. */
  readonly schemas: ReadonlyMap<number, string>;
  /** From the first; it may be asked for again. A damaged file is a Failure that says where. */
  records(): AsyncGenerator<PlacedRecord>;
}

/** What the lines of a JSONL export are read by: all schemas of its manifest, and a codec of them. */
export interface LineSchemas {
  readonly schemas: ReadonlyMap<number, string>;
  readonly codec: Codec;
}

/** Avro by its first bytes; else JSONL: its schemas are in the manifest of its export, unless they are given. Rejects with a Failure. */
export const openExportedFile = async (path: string, schemas?: LineSchemas): Promise<OpenedExportFile> =>
  (await isContainer(path)) ? openContainer(path) : openLines(path, schemas);

export const lineSchemas = async (manifest: Manifest): Promise<LineSchemas> => {
  const schemas = new Map(Object.entries(manifest.schemas).map(([id, text]) => [Number(id), text]));
  return { schemas, codec: await codecOf(schemas) };
};

/** A codec that reads what is written with these schemas, whichever version they are of. */
export const codecOf = async (schemas: ReadonlyMap<number, string>): Promise<Codec> => {
  try {
    return new Codec(await localRegistry({ all: () => Promise.resolve(schemas), put: () => Promise.resolve() }));
  } catch (error) {
    throw new Failure(`the schemas of the export cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const isContainer = async (path: string): Promise<boolean> => {
  const start = Buffer.alloc(CONTAINER_MAGIC.length);
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead } = await file.read(start, 0, start.length, 0);
      return bytesRead === start.length && start.equals(CONTAINER_MAGIC);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
};

const CHUNK_BYTES = 256 * 1024;

const sourceOf = (path: string): ByteSource =>
  new ByteSource(createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>);

const openContainer = async (path: string): Promise<OpenedExportFile> => {
  const first = sourceOf(path);
  try {
    const { topic, schemas } = (await readHeader(first)).header;
    return { topic, schemas, records: () => containerRecords(path) };
  } catch (error) {
    throw failureOf(path, error);
  } finally {
    await first.close();
  }
};

async function* containerRecords(path: string): AsyncGenerator<PlacedRecord> {
  const source = sourceOf(path);
  try {
    const { header, sync } = await readHeader(source);
    for await (const { where, record } of readBlocks(source, header, sync)) yield { where: `${path} ${where}`, record };
  } catch (error) {
    throw failureOf(path, error);
  } finally {
    await source.close();
  }
}

/** Base64 of the largest record, decoded beside it. */
const LONGEST_LINE = 256 * 1024 * 1024;
/** `<directory>/<topic>/<run>/<day>.jsonl` */
const FOLDERS_UP = '../..';

const openLines = async (path: string, given: LineSchemas | undefined): Promise<OpenedExportFile> => {
  const topic = await topicOfLines(path);
  const { schemas, codec } = given ?? (await schemasBeside(path));
  return { topic, schemas: schemasOfTopic(topic, schemas), records: () => lineRecords(path, topic, codec) };
};

const schemasBeside = async (path: string): Promise<LineSchemas> => {
  const manifest = await readManifestFile(join(dirname(resolve(path)), FOLDERS_UP, MANIFEST_FILE)).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`${path}: the schemas of a JSONL export are in its ${MANIFEST_FILE}, two folders up; ${error.message}`);
  });
  return lineSchemas(manifest);
};

const topicOfLines = async (path: string): Promise<Topic> => {
  for await (const { bytes } of linesOf(path, LONGEST_LINE)) {
    let json: unknown;
    try {
      json = JSON.parse(bytes.toString('utf8'));
    } catch {
      break;
    }
    const topic = topicOf(json);
    if (topic !== undefined) return topic;
    break;
  }
  throw new Failure(`${path}: expected a file of \`policygate export\`, Avro or JSONL`);
};

async function* lineRecords(path: string, topic: Topic, codec: Codec): AsyncGenerator<PlacedRecord> {
  for await (const { number, bytes } of linesOf(path, LONGEST_LINE)) {
    let record: BusRecord;
    try {
      record = readExportLine(codec, bytes.toString('utf8'));
      if (record.topic !== topic) throw new ExportFault(`a record of ${record.topic} among those of ${topic}`);
    } catch (error) {
      throw failureOf(`${path} line ${number}`, error);
    }
    yield { where: `${path} line ${number}`, record };
  }
}

const failureOf = (where: string, error: unknown): unknown => {
  if (error instanceof ExportFault) return new Failure(`${where}: ${error.message}`);
  return error instanceof Error && 'code' in error && 'syscall' in error ? unreadable(where, error) : error;
};
