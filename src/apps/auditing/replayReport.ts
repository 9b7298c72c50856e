/** What `policygate replay` found, for people and for machines. Source: docs/commands.md, "Folding the log again". */
import type { Difference } from '../../audit/replay/difference';
import type { ShardReport } from '../../audit/replay/replayShard';
import type { Codec } from '../../contracts/avro/codec';
import { factsText } from '../../contracts/documents/writeDocument';
import { canonicalJson } from '../../contracts/json/write';
import type { JsonOut } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import { AUDIT_RECORDS } from '../../contracts/topics';
import type { OutgoingRecord } from '../../processor/bus';
import { table } from '../cli/table';
import { recordLine } from '../records/recordLine';
import { fieldDifferences } from './fieldDifferences';
import type { FieldDifference } from './fieldDifferences';
import { portraitDocument } from './portraitDocument';

/** One line of JSON. */
export const replayDocument = (codec: Codec, reports: readonly ShardReport[], until: string | undefined): string =>
  canonicalJson({
    same: reports.every(({ difference }) => difference === undefined),
    until: until ?? null,
    shards: reports.map((report): JsonOut => ({
      shard: report.partition,
      inputs: report.inputs,
      audit_records: report.auditRecords,
      decisions: report.decisions,
      dead_letters: report.deadLetters,
      entities: report.entities,
      entities_to_be_dropped: report.toBeDropped,
      set_aside_as_recorded: report.setAsideAsRecorded,
      of_earlier_schemas: report.ofEarlierSchemas,
      difference: report.difference === undefined ? null : differenceDocument(codec, report.difference),
      ...(report.portrait === undefined ? {} : { state: portraitDocument(report.portrait) }),
    })),
  });

/** `until`: as the flag gave it. */
export const replayPage = (codec: Codec, reports: readonly ShardReport[], until: string | undefined): string => {
  const lines = reports.flatMap((report) => [
    ...shardLines(report),
    ...(report.difference === undefined ? [] : differenceLines(codec, report.difference)),
  ]);
  const differing = reports.filter(({ difference }) => difference !== undefined).length;
  const end = until === undefined ? 'Folded again from offset zero' : `Folded again from offset zero up to ${until}`;
  lines.push(
    differing === 0
      ? `${end}: the same, byte for byte.`
      : `${end}: ${differing} of ${reports.length} ${reports.length === 1 ? 'shard differs' : 'shards differ'}.`,
  );
  return `${lines.join('\n')}\n`;
};

const shardLines = (report: ShardReport): readonly string[] => {
  const { partition, inputs, auditRecords, decisions, deadLetters, entities, last } = report;
  const { toBeDropped, setAsideAsRecorded, ofEarlierSchemas, firstOfEarlierSchema } = report;
  // Where it stopped before the end, the state is not compared.
  const state = entities === 0 ? '' : `; ${entities} entities of its state`;
  const same = `the same: ${auditRecords} audit records, ${decisions} decisions, ${deadLetters} dead letters${state}`;
  const upTo = last === undefined ? '' : `; the last audit record is of ${formatRfc3339(last.clock)}`;
  return [
    `shard ${partition}: ${inputs} inputs folded; ${same}${upTo}`,
    ...(toBeDropped === 0
      ? []
      : [`  ${toBeDropped} of the entities are of ended runs; the processor drops them with its next commits`]),
    ...(setAsideAsRecorded === 0
      ? []
      : [`  ${setAsideAsRecorded} inputs were set aside as recorded: their schema was not known then, and is now`]),
    ...(ofEarlierSchemas === 0
      ? []
      : [
          `  ${ofEarlierSchemas} records are of earlier schemas, the first at ${AUDIT_RECORDS}/${partition}@${firstOfEarlierSchema ?? 0}; compared as those write them`,
        ]),
  ];
};

const differenceLines = (codec: Codec, difference: Difference): readonly string[] => {
  const { topic, partition, offset, kind, what, recorded, again, input } = difference;
  const fields = fieldsOf(codec, difference);
  const facts = factsOf(codec, difference);
  const whole = kind === 'missing' ? again : kind === 'changed' && again !== undefined ? undefined : recorded;
  return [
    `${topic}/${partition}@${offset} (${kind}): ${what}`,
    ...(fields.length === 0
      ? []
      : table(
          ['field', 'recorded', 'folded again'],
          fields.map((field) => [field.path, field.recorded ?? '-', field.again ?? '-']),
        )
          .split('\n')
          .map((line) => `  ${line}`)),
    ...(whole === undefined ? [] : [`  record: ${lineOf(codec, whole, offset)}`]),
    ...(facts === undefined ? [] : [`  facts:  ${facts}`]),
    ...(input === undefined ? [] : [`  input:  ${lineOf(codec, input, input.offset)}`]),
  ];
};

const differenceDocument = (codec: Codec, difference: Difference): JsonOut => {
  const { topic, partition, offset, kind, what, recorded, again, input } = difference;
  const facts = factsOf(codec, difference);
  const record = (of: OutgoingRecord | undefined, at: number): JsonOut =>
    of === undefined ? null : parsed(lineOf(codec, of, at));
  return {
    topic,
    partition,
    offset,
    kind,
    what,
    fields: fieldsOf(codec, difference).map((field): JsonOut => ({
      path: field.path,
      recorded: field.recorded === undefined ? null : parsed(field.recorded),
      again: field.again === undefined ? null : parsed(field.again),
    })),
    recorded: record(recorded, offset),
    again: record(again, offset),
    input: input === undefined ? null : record(input, input.offset),
    facts: facts === undefined ? null : parsed(facts),
  };
};

/** Where the bytes differ and no field does, the first such byte. */
const fieldsOf = (codec: Codec, { kind, recorded, again, offset }: Difference): readonly FieldDifference[] => {
  if (kind !== 'changed' || recorded === undefined || again === undefined) return [];
  const fields = fieldDifferences(parsed(lineOf(codec, recorded, offset)), parsed(lineOf(codec, again, offset)));
  if (fields.length > 0) return fields;
  const [one, other] = [Buffer.from(recorded.value ?? []), Buffer.from(again.value ?? [])];
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return [{ path: `byte ${at} of the value`, recorded: String(one[at] ?? 'none'), again: String(other[at] ?? 'none') }];
};

/** What the decision knew, by the fold. */
const factsOf = (codec: Codec, { topic, again, audit, recorded }: Difference): string | undefined => {
  for (const of of topic === AUDIT_RECORDS ? [again, recorded] : [audit]) {
    const decoded = of === undefined ? undefined : codec.decodeAudit(of.value);
    if (decoded?.ok === true && decoded.value.record.facts !== null) return factsText(decoded.value.record.facts);
  }
  return undefined;
};

const lineOf = (codec: Codec, record: OutgoingRecord, offset: number): string =>
  recordLine(codec, { ...record, offset, headers: record.headers ?? {} }, {}) ?? '';

const parsed = (text: string): JsonOut => JSON.parse(text) as JsonOut;
