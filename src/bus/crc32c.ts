/** CRC-32C (Castagnoli): as Kafka has it, and masked as LevelDB stores it. Eight tables, so that eight bytes are taken at a time. */

const TABLES = ((): Int32Array => {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] ?? 0;
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
})();

const table = (number: number, byte: number): number => TABLES[number * 256 + (byte & 0xff)] ?? 0;

export const crc32c = (bytes: Buffer, start: number, end: number): number => {
  let crc = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ bytes.readInt32LE(at);
    const high = bytes.readInt32LE(at + 4);
    crc =
      table(7, low) ^
      table(6, low >>> 8) ^
      table(5, low >>> 16) ^
      table(4, low >>> 24) ^
      table(3, high) ^
      table(2, high >>> 8) ^
      table(1, high >>> 16) ^
      table(0, high >>> 24);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ table(0, crc ^ (bytes[at] ?? 0));
  return ~crc >>> 0;
};

/** Where the bytes from `start` on end, no earlier than `least`, so that their masked checksum is `masked`: all such ends. */
export const endsWithChecksum = (bytes: Buffer, start: number, least: number, masked: number): number[] => {
  const ends: number[] = [];
  let crc = -1;
  for (let at = start; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ table(0, crc ^ (bytes[at] ?? 0));
    if (at + 1 >= least && mask(~crc >>> 0) === masked) ends.push(at + 1);
  }
  return ends;
};

const mask = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** The checksum of `bytes` from `start` to `end` in LevelDB's stored form, unsigned. */
export const maskedCrc32c = (bytes: Buffer, start: number, end: number): number => mask(crc32c(bytes, start, end));
