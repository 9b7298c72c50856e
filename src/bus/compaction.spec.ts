import type { BusRecord } from '../processor/bus';
import { isKept, keyText } from './compaction';

const at = (offset: number, key: string | null, value: string | null = 'v'): BusRecord => ({
  topic: 'policy-state',
  partition: 0,
  offset,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  timestamp: 0,
  headers: {},
});
const newest = new Map([['k', 5]]);
const limits = { cleanedTo: 0, oldestReader: Infinity, end: 10 };

describe('what a compacted topic keeps', () => {
  it('drops a superseded record', () => expect(isKept(at(3, 'k'), newest, limits)).toBe(false));
  it('keeps the newest of a key', () => expect(isKept(at(5, 'k'), newest, limits)).toBe(true));
  it('keeps a key that it knows nothing newer of', () => expect(isKept(at(3, 'other'), newest, limits)).toBe(true));
  it('keeps what has no key', () => expect(isKept(at(3, null), newest, limits)).toBe(true));
  it('keeps the last record of the partition, even a tombstone', () =>
    expect(isKept(at(9, 'k', null), new Map(), { ...limits, cleanedTo: 10 })).toBe(true));
  it('keeps a tombstone while something older of its key may be left', () =>
    expect(isKept(at(5, 'k', null), newest, { ...limits, cleanedTo: 5 })).toBe(true));
  it('keeps a tombstone that a reader has still to read', () =>
    expect(isKept(at(5, 'k', null), newest, { ...limits, cleanedTo: 6, oldestReader: 5 })).toBe(true));
  it('drops a tombstone that everyone has read, with nothing older left', () =>
    expect(isKept(at(5, 'k', null), newest, { ...limits, cleanedTo: 6, oldestReader: 6 })).toBe(false));
});

it('never takes two keys for one', () => {
  expect(keyText(Uint8Array.of(0xc3, 0xa9))).not.toBe(keyText(Uint8Array.of(0xe9)));
  expect(keyText(Uint8Array.of(0xff, 0xfe))).not.toBe(keyText(Uint8Array.of(0xfe, 0xff)));
});
