import { staleText } from './staleText';

const AT = Date.UTC(2026, 1, 24, 9, 30, 1);

it.each([
  [{ asOf: AT, problem: undefined }, 1_000, undefined],
  [{ asOf: AT, problem: undefined }, 16_000, 'as of 09:30:01 UTC'],
  [{ asOf: AT, problem: 'The server does not answer' }, 1_000, 'as of 09:30:01 UTC'],
  [{ asOf: undefined, problem: 'The server does not answer' }, 1_000, undefined],
])('%j is told after %d ms as %j', (answered, later, said) => expect(staleText(answered, AT + later)).toBe(said));
