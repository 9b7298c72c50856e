import { createHash } from 'node:crypto';
import { chainHash, derivedUuid, eventId, intentDigest } from './chain';

it('hashes the last hash and the body as one text, however long', () => {
  for (const length of [0, 1, 600, 4_064, 4_065, 100_000]) {
    const previous = Buffer.alloc(32, 7);
    const body = Buffer.alloc(length, length % 251);
    expect(Buffer.from(chainHash(previous, body))).toEqual(createHash('sha256').update(previous).update(body).digest());
  }
});

it('tells bodies apart by eight bytes', () => {
  expect(intentDigest(Buffer.from('a'))).toHaveLength(8);
  expect(intentDigest(Buffer.from('a'))).not.toEqual(intentDigest(Buffer.from('b')));
});

it('derives UUIDs of version 5, one for each name', () => {
  expect(eventId('demo', 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(eventId('demo', 1)).toBe(derivedUuid('demo/1'));
  expect(new Set([eventId('demo', 1), eventId('demo', 2), eventId('other', 1)]).size).toBe(3);
});
