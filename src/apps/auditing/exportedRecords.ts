/**
 * The audit records of an export, shard by shard in the order of the log: it has them in a file for each run and day. Files are opened when the log
 * comes to them, and closed behind them, so that as many are open as runs were under way at once.
 */
import { join } from 'node:path';
import type { ExportedFile, Manifest } from '../../audit/export/manifest';
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { codecOf, openExportedFile } from '../exporting/readExport';
import type { PlacedRecord } from '../exporting/readExport';

export interface CodedRecord extends PlacedRecord {
  readonly codec: Codec;
}

/** What of a file lies in one partition. */
interface Share {
  readonly path: string;
  readonly first: number;
  readonly last: number;
}

/** A file that is being read, at its next record. */
interface OpenShare {
  readonly records: AsyncGenerator<CodedRecord>;
  next: CodedRecord;
}

export async function* exportedRecords(folder: string, { files, shards }: Manifest): AsyncGenerator<CodedRecord> {
  const audits = files.filter(({ topic }) => topic === AUDIT_RECORDS);
  for (let partition = 0; partition < shards; partition++) yield* inOrder(sharesOf(folder, audits, partition), partition);
}

const sharesOf = (folder: string, files: readonly ExportedFile[], partition: number): Share[] =>
  files
    .flatMap(({ path, partitions }) =>
      partitions
        .filter((part) => part.partition === partition)
        .map(({ first_offset: first, last_offset: last }) => ({ path: join(folder, path), first, last })),
    )
    .sort((a, b) => a.first - b.first);

async function* inOrder(waiting: Share[], partition: number): AsyncGenerator<CodedRecord> {
  const open: OpenShare[] = [];
  try {
    for (;;) {
      let least = leastOf(open);
      for (
        let [share] = waiting;
        share !== undefined && share.first <= (least?.next.record.offset ?? Infinity);
        [share] = waiting
      ) {
        waiting.shift();
        const records = recordsOf(share, partition);
        const first = await records.next();
        if (first.done !== true) open.push({ records, next: first.value });
        least = leastOf(open);
      }
      if (least === undefined) return;
      yield least.next;
      const following = await least.records.next();
      if (following.done === true) open.splice(open.indexOf(least), 1);
      else least.next = following.value;
    }
  } finally {
    for (const { records } of open) await records.return(undefined);
  }
}

const leastOf = (open: readonly OpenShare[]): OpenShare | undefined => {
  let least: OpenShare | undefined;
  for (const share of open) if (least === undefined || share.next.record.offset < least.next.record.offset) least = share;
  return least;
};

/** Behind `last` a file may have what an export that was cut off had not finished. */
async function* recordsOf({ path, last }: Share, partition: number): AsyncGenerator<CodedRecord> {
  const file = await openExportedFile(path);
  const codec = await codecOf(file.schemas);
  for await (const placed of file.records()) {
    if (placed.record.partition !== partition) continue;
    if (placed.record.offset > last) return;
    yield { ...placed, codec };
  }
}
