/**
 * manifest.json: what an export holds, of which log, and how far it is. It is the last thing that is written, so that what it says is on disk; a file
 * may be longer than it says where an export was ended half way. Source: docs/contracts.md, "Exports".
 */
import { z } from 'zod';
import { canonicalJson } from '../../contracts/json/write';
import { TOPICS } from '../../contracts/topics';
import { ExportFault } from './exportFault';
import { filePath } from './filePath';

export const MANIFEST_FILE = 'manifest.json';
const FORMAT_VERSION = 1;

export const EXPORT_FORMATS = ['avro', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
/** What has room between the zero byte and the value on the log. */
const MOST_SCHEMA_ID = 0xffff_ffff;
const EXPECTED_ID = `expected a schema id: a whole number up to ${MOST_SCHEMA_ID}, without leading zeros`;
const schemaId = count.max(MOST_SCHEMA_ID, EXPECTED_ID);
const schemaName = z.string().refine((name) => /^(0|[1-9][0-9]{0,9})$/.test(name) && Number(name) <= MOST_SCHEMA_ID, EXPECTED_ID);
const topic = z.enum(TOPICS);
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as 2026-02-24');
const runId = z.string();

const filePartition = z.strictObject({ partition: count, records: count.min(1), first_offset: count, last_offset: count });

const exportedFile = z.strictObject({
  /** In the directory, with slashes. */
  path: z.string(),
  topic,
  /** Null: records of no run. */
  run_id: runId.nullable(),
  /** UTC; null: a time that has no date. */
  day: day.nullable(),
  /** From one. A further part is begun where the log has schemas by now that the header does not. */
  part: count.min(1),
  records: count.min(1),
  bytes: count,
  sha256,
  /** By which the values of an Avro file are typed; null: none is. */
  schema_id: schemaId.nullable(),
  /** Those in the header of an Avro file. */
  schema_ids: z.array(schemaId),
  partitions: z.array(filePartition).min(1),
});
export type ExportedFile = z.infer<typeof exportedFile>;

const exportedPartition = z.strictObject({
  topic,
  partition: count,
  /** Every record before it is in the files. */
  exported_to: count,
  /** Where the partition ended when the export began that is going on, or was the last. */
  end_offset: count,
});
export type ExportedPartition = z.infer<typeof exportedPartition>;

const manifest = z.strictObject({
  format: z.literal('policygate-export'),
  format_version: z.literal(FORMAT_VERSION),
  engine_version: z.string(),
  file_format: z.enum(EXPORT_FORMATS),
  shards: count.min(1).max(1024),
  /** Null: everything. */
  filter: z.strictObject({ topics: z.array(topic).min(1).nullable(), run_id: runId.nullable(), day: day.nullable() }),
  /** Whether every partition is exported up to its end offset. */
  complete: z.boolean(),
  /** Which log it is: of each shard the SHA-256 of its first audit record, null where there was none. */
  first_audit_records: z.array(sha256.nullable()),
  /** By id. */
  schemas: z.record(schemaName, z.string()),
  partitions: z.array(exportedPartition),
  files: z.array(exportedFile),
});
export type Manifest = z.infer<typeof manifest>;

export const newManifest = (about: Omit<Manifest, 'format' | 'format_version'>): Manifest => ({
  format: 'policygate-export',
  format_version: FORMAT_VERSION,
  ...about,
});

/** One file a line, so that a difference between two manifests can be read. */
export const manifestText = ({ files, ...about }: Manifest): string => {
  const head = JSON.stringify(about, null, 2).slice(0, -2);
  return `${head},\n  "files": [${files.map((file) => `\n    ${canonicalJson(file)}`).join(',')}${files.length === 0 ? '' : '\n  '}]\n}\n`;
};

/** Throws an ExportFault that names the field. */
export const readManifest = (text: string): Manifest => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ExportFault('it is no JSON; restore it from a copy, or export again into another directory');
  }
  const read = manifest.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    const at = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    throw new ExportFault(`${at === '' ? 'the document' : at.slice(1)}: ${oneLine(messageOf(issue))}`);
  }
  checkAgreement(read.data);
  return read.data;
};

/** Of the name of a schema, what is wrong with it, and not that it is wrong. */
const messageOf = (issue: z.core.$ZodIssue | undefined): string =>
  (issue?.code === 'invalid_key' ? issue.issues[0] : issue)?.message ?? 'cannot be read';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** What no field shows by itself. */
const checkAgreement = ({
  shards,
  partitions,
  files,
  complete,
  first_audit_records,
  file_format,
  filter,
  schemas,
}: Manifest): void => {
  const fault = (what: string): never => {
    throw new ExportFault(what);
  };
  if (first_audit_records.length !== shards)
    fault(`first_audit_records: ${first_audit_records.length} of them: expected ${shards}`);
  const known = new Map<string, ExportedPartition>();
  for (const [at, one] of partitions.entries()) {
    const name = `${one.topic}/${one.partition}`;
    if (one.partition >= shards) fault(`partitions[${at}]: ${name}: every topic has ${shards} partitions`);
    if (known.has(name)) fault(`partitions[${at}]: ${name} is there twice`);
    if (one.exported_to > one.end_offset) fault(`partitions[${at}]: ${name} is exported beyond its end offset`);
    known.set(name, one);
  }
  for (const name of filter.topics ?? TOPICS)
    for (let partition = 0; partition < shards; partition++)
      if (!known.has(`${name}/${partition}`)) fault(`partitions: ${name}/${partition} is missing`);
  if (complete !== partitions.every(({ exported_to, end_offset }) => exported_to === end_offset))
    fault(`complete: \`${complete}\` is not what the offsets say`);
  const paths = new Set<string>();
  for (const [at, file] of files.entries()) {
    const name = `files[${at}]: ${file.path}`;
    if (paths.has(file.path)) fault(`${name} is there twice`);
    paths.add(file.path);
    if (!isPathOf(file, file_format)) fault(`${name}: expected ${filePath(file, file.part, file_format, () => false)}`);
    if (file.schema_id !== null && schemas[String(file.schema_id)] === undefined)
      fault(`${name}: schema ${file.schema_id} is unknown`);
    let records = 0;
    for (const part of file.partitions) {
      const whole = known.get(`${file.topic}/${part.partition}`);
      records += part.records;
      if (whole === undefined || part.last_offset >= whole.exported_to)
        fault(`${name}: partition ${part.partition} up to offset ${part.last_offset} is beyond what is exported`);
      if (part.records > part.last_offset - part.first_offset + 1)
        fault(
          `${name}: ${part.records} records of partition ${part.partition} between offsets ${part.first_offset} and ${part.last_offset}`,
        );
    }
    if (records !== file.records) fault(`${name}: ${file.records} records, but its partitions have ${records}`);
    if (new Set(file.partitions.map(({ partition }) => partition)).size !== file.partitions.length)
      fault(`${name}: a partition is there twice`);
  }
};

/** Its own path, or the one that it has where another file's differs in case alone. */
const isPathOf = (file: ExportedFile, format: ExportFormat): boolean =>
  file.path === filePath(file, file.part, format, () => false) || file.path === filePath(file, file.part, format, () => true);
