import { rateLimitOf } from './rateHeaders';

const NOW = Date.parse('2026-03-02T15:00:00Z');

it.each([
  ['seconds', { 'retry-after': '3' }, { retryAfterMs: 3_000 }],
  ['a date', { 'retry-after': 'Mon, 02 Mar 2026 15:00:07 GMT' }, { retryAfterMs: 7_000 }],
  ['a date that has passed', { 'retry-after': 'Mon, 02 Mar 2026 14:00:00 GMT' }, { retryAfterMs: 0 }],
  ['no time at all', { 'retry-after': 'soon' }, { retryAfterMs: undefined }],
  ['a negative number', { 'retry-after': '-5' }, { retryAfterMs: undefined }],
  [
    'Alpaca: seconds since 1970',
    { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': String(NOW / 1_000 + 9) },
    { left: 12, resetInMs: 9_000 },
  ],
  [
    'Tradier: milliseconds since 1970',
    { 'x-ratelimit-available': '0', 'x-ratelimit-expiry': String(NOW + 4_500) },
    { left: 0, resetInMs: 4_500 },
  ],
  ['nothing', {}, { retryAfterMs: undefined, left: undefined, resetInMs: undefined }],
])('reads %s', (_, headers, expected) => expect(rateLimitOf(headers, NOW)).toMatchObject(expected));
