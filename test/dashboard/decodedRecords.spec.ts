/** What the dashboard reads out of the hashed bytes of a record is what the server shows of it, for every record that there can be. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { rowText } from '../../src/apps/http/documents/rows';
import { anyAudit, anyHash } from '../../src/contracts/avro/arbitraries';
import { Codec } from '../../src/contracts/avro/codec';
import { exampleAudit, exampleHash, exampleTrip } from '../../src/contracts/avro/examples';
import { freshSchemas } from '../../src/contracts/avro/localRegistry';
import { auditText } from '../../src/contracts/documents/recordTexts';
import type { AuditRecord } from '../../src/contracts/messages';
import type { JournalRecord } from '../../src/apps/live/live';
import { recordReader } from '../../src/apps/dashboard/chain/avroReader';
import type { Document, Schemas } from '../../src/apps/dashboard/chain/avroReader';
import { firstDifference } from '../../src/apps/dashboard/chain/difference';
import { compareRows } from '../../src/apps/dashboard/chain/heldRows';
import { documentOf, rowOf } from '../../src/apps/dashboard/chain/recordDocument';
import { RecordLook } from '../../src/apps/dashboard/chain/recordLook';
import { JournalStore } from '../../src/apps/dashboard/journal/journalStore';
import { ROOT } from '../support/program';

const FOLDER = join(ROOT, 'avro');
const schemas = Object.fromEntries(
  readdirSync(FOLDER).map((file) => [
    `policygate.${file.replace('.avsc', '')}`,
    JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Schemas[string],
  ]),
);
const read = recordReader(schemas, 'policygate.AuditRecord', 'hash');
const codec = new Codec(freshSchemas());
const bytesOf = (record: AuditRecord): Uint8Array => new Uint8Array(codec.encodeAuditBody(record));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const shownOf = (record: AuditRecord): Document => JSON.parse(auditText(record, exampleHash)) as Document;

it('reads every record as the server shows it', () =>
  fc.assert(
    fc.property(anyAudit, anyHash, (record, hash) => {
      const shown = JSON.parse(auditText(record, hash)) as Document;
      expect(firstDifference(documentOf(read(bytesOf(record)), hex(hash)), shown)).toBeUndefined();
    }),
    { numRuns: 300 },
  ));

it('makes of it the row that the server lists', () => {
  for (const record of [exampleAudit, exampleTrip]) {
    const row = JSON.parse(
      rowText({ sealed: () => ({ record, hash: exampleHash }) } as unknown as JournalRecord, true),
    ) as Document;
    const decoded = rowOf(read(bytesOf(record)));
    expect(new Set(Object.keys(decoded))).toEqual(new Set(Object.keys(row)));
    const held = new JournalStore();
    held.add([row as never]);
    expect(compareRows(held, [decoded])).toEqual({ compared: 1, difference: undefined });
  }
});

/** Every place in a document that holds a value. */
const leaves = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]))
    : [path];

it('names the field of a falsified record, whichever it is', () => {
  for (const record of [exampleAudit, exampleTrip]) {
    const decoded = documentOf(read(bytesOf(record)), hex(exampleHash));
    const places = leaves(shownOf(record));
    expect(places.length).toBeGreaterThan(20);
    for (const place of places) {
      const shown = shownOf(record) as Record<string, never>;
      const parent = place.slice(0, -1).reduce<Record<string, unknown>>((inner, name) => inner[name] as never, shown);
      parent[place.at(-1) ?? ''] = 'something else';
      expect(firstDifference(decoded, shown)?.field).toBe(place.join('.'));
    }
    expect(firstDifference(decoded, { ...shownOf(record), more: 1 })?.field).toBe('more');
  }
});

it('says of a record of another run, another seq or another chain that it is none of this', () => {
  const { run_id, seq, prev_hash } = exampleAudit;
  const look = (run: string, at: number, before: string): string | undefined =>
    new RecordLook(read, run, undefined).look(at, bytesOf(exampleAudit), '', before);
  expect(look(run_id, seq, hex(prev_hash))).toBeUndefined();
  expect(look('another', seq, hex(prev_hash))).toMatch(/^its run_id is /);
  expect(look(run_id, seq + 1, hex(prev_hash))).toMatch(/^its seq is /);
  expect(look(run_id, seq, 'ab'.repeat(32))).toMatch(/^its prev_hash is /);
});

it('does not take bytes for read that are of another schema', () => {
  const looked = new RecordLook(read, exampleAudit.run_id, { document: shownOf(exampleAudit), partly: 'nowhere' });
  const bytes = bytesOf(exampleAudit);
  for (let end = 0; end < bytes.length; end += 1) expect(looked.look(0, bytes.subarray(0, end), '', '')).toBeUndefined();
  expect(looked.unread).toBe(bytes.length);
  expect(looked.takeRows()).toEqual([]);
});

it('finds the row that is not what the bytes say', () => {
  const row = rowOf(read(bytesOf(exampleAudit)));
  const held = new JournalStore();
  held.add([{ ...row, qty: '7' }]);
  expect(compareRows(held, [row]).difference).toMatchObject({ seq: exampleAudit.seq, field: 'qty', shown: '7' });
  expect(compareRows(new JournalStore(), [row])).toEqual({ compared: 0, difference: undefined });
});
