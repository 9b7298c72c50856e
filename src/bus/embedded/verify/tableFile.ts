/**
 * Checks a table of LevelDB: its length, footer and index, and when asked every block in it. LevelDB itself does not check a block's checksum
 * when it reads it, and ends the process (an assertion) over some that are damaged.
 *
 * Format: blocks, each followed by its compression (1 byte; 1: Snappy) and the masked CRC-32C of both (4); at the end a footer of 48 bytes: place
 * and size of the meta index and of the index (varints), padding, a magic number.
 * Source: LevelDB, doc/table_format.md.
 */
import { open } from 'node:fs/promises';
import { maskedCrc32c } from '../../crc32c';
import { DamagedFile } from './logFile';
import { unpackSnappy, varint } from './snappy';

const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
const MAGIC = 0xdb4775248b80fb57n;
const SNAPPY = 1;

interface BlockPlace {
  readonly start: number;
  readonly bytes: number;
}

/** Throws DamagedFile. `bytes`: its length, as the MANIFEST has it. `wholly`: every block, which reads all of the file. */
export const verifyTable = async (path: string, name: string, bytes: number, wholly: boolean): Promise<void> => {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size !== bytes || size < FOOTER_BYTES) throw new DamagedFile(`${name} has ${size} bytes instead of ${bytes}`);
    const read = async (start: number, length: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, start);
      return buffer;
    };
    const footer = await read(size - FOOTER_BYTES, FOOTER_BYTES);
    const [metaIndex, index] = placesInFooter(name, footer, size);
    checkBlock(name, await read(metaIndex.start, metaIndex.bytes + TRAILER_BYTES), 0, metaIndex.bytes, 'the index');
    const indexBlock = await read(index.start, index.bytes + TRAILER_BYTES);
    checkBlock(name, indexBlock, 0, index.bytes, 'the index');
    if (!wholly) return;
    const whole = await read(0, size);
    for (const { start, bytes: length } of placesInIndex(indexBlock))
      checkBlock(name, whole, start, length, `the block at ${start}`);
  } finally {
    await file.close();
  }
};

const placesInFooter = (name: string, footer: Buffer, size: number): readonly [BlockPlace, BlockPlace] => {
  const at = { at: 0 };
  // Zeros behind it end the last number, however the footer was altered.
  const bytes = Buffer.concat([footer, Buffer.alloc(4)]);
  const places = [placeAt(bytes, at), placeAt(bytes, at)] as const;
  const fits = places.every(({ start, bytes: length }) => start + length + TRAILER_BYTES <= size);
  if (!fits || footer.readBigUInt64LE(FOOTER_BYTES - 8) !== MAGIC) throw new DamagedFile(`the footer of ${name} is damaged`);
  return places;
};

/** An index block: entries (shared bytes of the key, its other bytes, bytes of the value; key; value: a place), then restart points. */
const placesInIndex = (block: Buffer): BlockPlace[] => {
  const stored = block.subarray(0, -TRAILER_BYTES);
  const entries = block.at(-TRAILER_BYTES) === SNAPPY ? unpackSnappy(stored) : stored;
  const end = entries.length - 4 - 4 * entries.readUInt32LE(entries.length - 4);
  const places: BlockPlace[] = [];
  const at = { at: 0 };
  while (at.at < end) {
    varint(entries, at);
    const keyBytes = varint(entries, at);
    varint(entries, at);
    at.at += keyBytes;
    places.push(placeAt(entries, at));
  }
  return places;
};

const placeAt = (bytes: Buffer, at: { at: number }): BlockPlace => ({ start: varint(bytes, at), bytes: varint(bytes, at) });

const checkBlock = (name: string, bytes: Buffer, start: number, length: number, what: string): void => {
  const end = start + length + 1;
  if (end + 4 > bytes.length || bytes.readUInt32LE(end) !== maskedCrc32c(bytes, start, end))
    throw new DamagedFile(`${what} of ${name} does not match its checksum`);
};
