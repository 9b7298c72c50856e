import fc from 'fast-check';
import { parseRfc3339 } from './timestamp';

it.each([
  ['1970-01-01T00:00:00Z', 0],
  ['2026-02-24T09:30:01Z', Date.UTC(2026, 1, 24, 9, 30, 1)],
  ['2026-02-24T09:30:01+00:00', Date.UTC(2026, 1, 24, 9, 30, 1)],
  ['2026-02-24t09:30:01z', Date.UTC(2026, 1, 24, 9, 30, 1)],
  ['2026-02-24T09:30:01.907352+00:00', Date.UTC(2026, 1, 24, 9, 30, 1, 907)],
  ['2026-02-24T09:30:01.9999Z', Date.UTC(2026, 1, 24, 9, 30, 1, 999)],
  ['1969-12-31T23:59:59.9999Z', -1],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ['2024-12-31T23:59:59Z', Date.UTC(2024, 11, 31, 23, 59, 59)],
  ['0000-01-01T00:00:00Z', -62167219200000],
  ['9999-12-31T23:59:59.999Z', 253402300799999],
])('reads %s', (text, ms) => expect(parseRfc3339(text)).toBe(ms));

it.each([
  '',
  '2026-02-24',
  '2026-02-24T09:30:01',
  '2026-02-24T09:30:01+02:00',
  '2026-02-24T09:30:01-00:00',
  '2026-02-24T09:30:01+0000',
  '2026-02-24 09:30:01Z',
  '2026-02-24T09:30Z',
  '2026-02-24T24:00:00Z',
  '2026-02-24T09:30:60Z',
  '2016-12-31T23:59:60Z',
  '2026-02-29T09:30:01Z',
  '1900-02-29T09:30:01Z',
  '2026-04-31T09:30:01Z',
  '2026-00-10T09:30:01Z',
  '2026-13-10T09:30:01Z',
  '2026-02-00T09:30:01Z',
  '2026-02-24T09:30:01.Z',
  '2026-02-24T09:30:01.1234567890123456789Z',
  '2026-02-24T09:30:01,5Z',
  '2026-2-24T09:30:01Z',
  '+002026-02-24T09:30:01Z',
  '2026-02-24T09:30:01Z ',
  ' 2026-02-24T09:30:01Z',
  '２026-02-24T09:30:01Z',
  '20x6-02-24T09:30:01Z',
])('refuses %j', (text) => expect(parseRfc3339(text)).toBeUndefined());

it('agrees with Date on every time of the years 0 to 9999', () =>
  fc.assert(
    fc.property(fc.date({ min: new Date(-62167219200000), max: new Date(253402300799999), noInvalidDate: true }), (date) => {
      expect(parseRfc3339(date.toISOString())).toBe(date.getTime());
    }),
  ));

it('never throws, and takes no text that Date takes for another time', () =>
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-9]{2}Z$/), (text) => {
      const ms = parseRfc3339(text);
      if (ms !== undefined) expect(new Date(ms).toISOString().replace('.000Z', 'Z')).toBe(text);
    }),
  ));
