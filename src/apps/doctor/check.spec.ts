import { fail, lineOfCheck, ok, within } from './check';
import { skewCheck } from './clusterChecks';

describe('a check', () => {
  it('is one line: what, found, what to do', () => {
    expect(lineOfCheck(ok('topics', 'all there'))).toBe('ok   topics: all there');
    expect(lineOfCheck(fail('broker a:1', 'nothing listens', 'start it'))).toBe('FAIL broker a:1: nothing listens; start it');
  });
  it('waits no longer than it may', async () => {
    await expect(within(new Promise(() => undefined), 20)).rejects.toThrow('no answer within 0.02 s');
    await expect(within(Promise.resolve(7), 20)).resolves.toBe(7);
  });
});

describe('clocks', () => {
  it.each([
    [0, 'ok', 'within a second'],
    [1_000, 'ok', 'within a second'],
    [1_001, 'warn', '1.0 s ahead of'],
    [-5_000, 'warn', '5.0 s behind'],
    [10_001, 'FAIL', '10.0 s ahead of'],
    [-3_600_000, 'FAIL', '3600.0 s behind'],
  ])('%i ms apart: %s', (ahead, status, found) => {
    expect(skewCheck(ahead)).toMatchObject({ status, found: expect.stringContaining(found) });
  });
});
