/** Makes a data directory of an export: every record at the offset that it had, under the schema ids that it was written with. */
import type { Manifest } from '../../audit/export/manifest';
import { openEmbeddedImport } from '../../bus/embedded/import/openImport';
import { recordsOfFile } from './checkExport';
import { lineSchemas } from './readExport';

export interface ImportOptions {
  /** Of the export. Its files are checked before. */
  readonly from: string;
  readonly manifest: Manifest;
  readonly dataDir: string;
  /** Each record is read and then put into its place: two steps. */
  readonly onStep?: (done: number, total: number) => void;
}

/** Answers with how many records there are. Rejects with a Failure or a BusError; then the directory is marked as unfinished. */
export const importExport = async ({ from, manifest, dataDir, onStep = () => undefined }: ImportOptions): Promise<number> => {
  const schemas = await lineSchemas(manifest);
  const target = await openEmbeddedImport({ directory: dataDir, shards: manifest.shards });
  try {
    const records = manifest.files.reduce((sum, file) => sum + file.records, 0);
    let done = 0;
    const step = (): void => onStep(++done, 2 * records);
    for (const [id, text] of schemas.schemas) await target.putSchema(id, text);
    for (const file of manifest.files)
      for await (const record of recordsOfFile(from, file, schemas)) {
        await target.put(record);
        step();
      }
    const ends = manifest.partitions.map(({ topic, partition, exported_to }) => ({ topic, partition, offset: exported_to }));
    await target.finish(ends, step);
    return records;
  } finally {
    await target.close();
  }
};

/** Why an export gives no log that can be replayed, or undefined. */
export const whyPartial = ({ complete, filter }: Manifest): string | undefined => {
  const parts = [
    ...(filter.topics === null ? [] : [`topics ${filter.topics.join(', ')}`]),
    ...(filter.run_id === null ? [] : [`run ${filter.run_id}`]),
    ...(filter.day === null ? [] : [`day ${filter.day}`]),
  ];
  if (parts.length > 0) return `it was made of ${parts.join(', ')} alone`;
  return complete ? undefined : 'it was interrupted; give the same `policygate export` again';
};
