/** The Avro body of AuditCheckpoint. Fields in the order of avro/AuditCheckpoint.avsc. */
import type { AuditCheckpoint } from '../messages';
import { readList, writeList } from './lists';
import { SHA256_BYTES } from './optional';
import type { Reader } from './reader';
import type { Writer } from './writer';

export const writeCheckpoint = (writer: Writer, checkpoint: AuditCheckpoint): void => {
  writer.string(checkpoint.origin);
  writer.long(checkpoint.tree_size);
  writer.fixed(checkpoint.root_hash, SHA256_BYTES);
  writer.long(checkpoint.audit_offset);
  writer.long(checkpoint.made_at);
  writeList(writer, checkpoint.frontier, writeHash);
  writer.string(checkpoint.note);
};

export const readCheckpoint = (reader: Reader): AuditCheckpoint => ({
  origin: reader.string(),
  tree_size: reader.long(),
  root_hash: reader.fixed(SHA256_BYTES),
  audit_offset: reader.long(),
  made_at: reader.long(),
  frontier: readList(reader, SHA256_BYTES, readHash),
  note: reader.string(),
});

const writeHash = (writer: Writer, hash: Uint8Array): void => writer.fixed(hash, SHA256_BYTES);
const readHash = (reader: Reader): Uint8Array => reader.fixed(SHA256_BYTES);
