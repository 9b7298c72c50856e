import { dealtWithHeaders } from '../../contracts/deadLetter';
import { deadLettersOf } from './deadLetter';

const at = { topic: 'dead-letters', partition: 0, offset: 7, key: null, value: null, timestamp: 0 } as const;

it('a letter names its input; a word on a letter is none', () => {
  const headers = { topic: 'order-intents', partition: '0', offset: '17', timestamp: '0', reason: 'why' };
  const input = { topic: 'order-intents', partition: 0, offset: 17 };
  expect(deadLettersOf({ ...at, headers })).toEqual([{ partition: 0, offset: 7, input, reason: 'why' }]);
  const word = {
    dealing: 'drop',
    letter: { partition: 0, offset: 7 },
    topic: 'order-intents',
    actor: 'alice',
    reason: 'why',
  } as const;
  const said = dealtWithHeaders({ ...word, recordedAt: '2026-02-24T10:00:00Z', inputFrom: undefined });
  expect(deadLettersOf({ ...at, headers: said })).toEqual([]);
});
