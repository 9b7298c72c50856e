import { readRoute, routeText } from './route';

describe('addresses of the page', () => {
  it.each([
    '#/now?run=demo',
    '#/blotter?run=demo&verdict=DENY&text=a+b%26c',
    '#/blotter/run%2Fone/nd-007%3F?rule=EXP-001',
    '#/policy',
    '#/audit?run=demo&seq=7',
  ])('%s says what it is read as', (address) => expect(routeText(readRoute(address))).toBe(address));

  it('are read for what they say', () =>
    expect(readRoute('#/blotter/r%201/i%2F1?verdict=DENY&rule=')).toEqual({
      view: 'blotter',
      run: 'r 1',
      intent: 'i/1',
      query: { verdict: 'DENY' },
    }));

  it.each(['', '#', '#/', '#/nowhere', '#/now?run=%'])('%p leads to the first view', (address) =>
    expect(readRoute(address).view).toBe('now'),
  );
});
