/**
 * Unpacks a Snappy block: LevelDB packs the index of a table, too, and the index says where the blocks are. Throws RangeError on what is none.
 * Source: google/snappy, format_description.txt.
 */
export const unpackSnappy = (packed: Buffer): Buffer => {
  const reader = { at: 0 };
  const unpacked = Buffer.alloc(varint(packed, reader));
  let end = 0;
  while (reader.at < packed.length) {
    const tag = packed.readUInt8(reader.at++);
    const kind = tag & 3;
    if (kind === 0) {
      const length = literalLength(packed, reader, tag >>> 2);
      if (packed.copy(unpacked, end, reader.at, reader.at + length) !== length) throw new RangeError('a literal is cut off');
      reader.at += length;
      end += length;
      continue;
    }
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const back = copyDistance(packed, reader, tag);
    if (back === 0 || back > end || end + length > unpacked.length) throw new RangeError('a copy leads outside');
    // Byte by byte: a copy may overlap what it writes.
    for (let n = 0; n < length; n++, end++) unpacked[end] = unpacked[end - back] ?? 0;
  }
  if (end !== unpacked.length) throw new RangeError('the end is missing');
  return unpacked;
};

interface Place {
  at: number;
}

/** An unsigned number in groups of seven bits, lowest first; moves `place` behind it. */
export const varint = (bytes: Buffer, place: Place): number => {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes.readUInt8(place.at++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
};

const literalLength = (packed: Buffer, place: Place, code: number): number => {
  if (code < 60) return code + 1;
  const bytes = code - 59;
  place.at += bytes;
  return packed.readUIntLE(place.at - bytes, bytes) + 1;
};

const copyDistance = (packed: Buffer, place: Place, tag: number): number => {
  const kind = tag & 3;
  if (kind === 1) return ((tag >>> 5) << 8) | packed.readUInt8(place.at++);
  const bytes = kind === 2 ? 2 : 4;
  place.at += bytes;
  return packed.readUIntLE(place.at - bytes, bytes);
};
