import fc from 'fast-check';
import {
  dealtWithHeaders,
  inputOfLetter,
  isDealing,
  isRetryOf,
  parseLetterPlace,
  readDealtWith,
  retriedHeaders,
} from './deadLetter';
import type { DealtWith } from './deadLetter';
import { INPUT_TOPICS } from './topics';

const said = fc.string().filter((text) => text.trim() !== '');
const offset = fc.nat(Number.MAX_SAFE_INTEGER);
const word: fc.Arbitrary<DealtWith> = fc
  .record({
    letter: fc.record({ partition: fc.nat(100), offset }),
    topic: fc.constantFrom(...INPUT_TOPICS),
    actor: said,
    reason: said,
    recordedAt: fc.constantFrom('2026-02-24T09:30:00Z', '2026-02-24T09:30:00.123000+00:00'),
  })
  .chain((common) =>
    fc.oneof(
      fc.constant({ ...common, dealing: 'drop' as const, inputFrom: undefined }),
      offset.map((inputFrom) => ({ ...common, dealing: 'retry' as const, inputFrom })),
    ),
  );

it('a word on a letter is read as it was written, and is never taken for a letter', () =>
  fc.assert(
    fc.property(word, (written) => {
      const headers = dealtWithHeaders(written);
      expect(readDealtWith(headers)).toEqual({ ok: true, value: written });
      expect(isDealing(headers)).toBe(true);
      // Who looks for the letter of an input compares numbers: nothing is equal to this one.
      expect(inputOfLetter(headers)).toBeUndefined();
      expect(Number(headers.offset)).toBeNaN();
    }),
  ));

it('an input is a retry of the word with the same letter, person, reason and moment', () =>
  fc.assert(
    fc.property(word, word, (one, other) => {
      expect(isRetryOf({ ...retriedHeaders(one), traceparent: '00-1' }, one)).toBe(true);
      expect(isRetryOf(retriedHeaders(one), other)).toBe(
        JSON.stringify(retriedHeaders(one)) === JSON.stringify(retriedHeaders(other)),
      );
      expect(isRetryOf({}, one)).toBe(false);
    }),
  ));

it('the headers of a letter say which input it was', () => {
  const letter = { topic: 'order-intents', partition: '2', offset: '17', timestamp: '5', reason: 'why' };
  expect(isDealing(letter)).toBe(false);
  expect(inputOfLetter(letter)).toEqual({ topic: 'order-intents', partition: 2, offset: 17 });
  for (const bad of [{ topic: 'decisions' }, { partition: '-1' }, { offset: '' }, { offset: '1e3' }, { topic: '__proto__' }])
    expect(inputOfLetter({ ...letter, ...bad })).toBeUndefined();
});

it.each([
  [{ dealt_with: 'edit' }, 'dealt_with'],
  [{ letter: '0' }, 'letter'],
  [{ letter: '0/1/2' }, 'letter'],
  [{ topic: 'decisions' }, 'topic'],
  [{ actor: ' ' }, 'actor'],
  [{ reason: '' }, 'reason'],
  [{ recorded_at: 'noon' }, 'recorded_at'],
  [{ input_from: '' }, 'input_from'],
  [{ input_from: '-1' }, 'input_from'],
  [{ dealt_with: 'drop' }, 'input_from'],
])('a word with %j cannot be read', (bad, named) => {
  const good = {
    ...{ dealt_with: 'retry', letter: '0/3', topic: 'order-intents', actor: 'alice', reason: 'why' },
    ...{ recorded_at: '2026-02-24T09:30:00Z', input_from: '17' },
  };
  expect(readDealtWith(good).ok).toBe(true);
  expect(readDealtWith({ ...good, ...bad })).toEqual({ ok: false, error: expect.stringContaining(named) });
});

it.each(['', '/', '0', '0/', '/1', '00/1', '0/01', '0/1 ', ' 0/1', '-0/1', '0/1.5', '0/99999999999999999999', '0/1/2', 'x/1'])(
  '%j is no place of a letter',
  (text) => expect(parseLetterPlace(text)).toBeUndefined(),
);
