import { axisEnd } from './axisEnd';

it.each([
  ['goes on with time while nothing is decided', { active: true, lastClock: 1_000, heardAt: 90_000, ahead: 0 }, 90_000],
  ['goes by the server’s clock', { active: true, lastClock: 1_000, heardAt: 90_000, ahead: -80_000 }, 10_000],
  ['is never before the newest record', { active: true, lastClock: 95_000, heardAt: 90_000, ahead: 0 }, 95_000],
  ['stays where a run has ended', { active: false, lastClock: 1_000, heardAt: 90_000, ahead: 0 }, 1_000],
])('%s', (_, known, end) => expect(axisEnd(known)).toBe(end));
