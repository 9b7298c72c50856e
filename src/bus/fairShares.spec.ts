import fc from 'fast-check';
import { fairShares } from './fairShares';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('fairShares', () => {
  it('gives everyone all when there is enough', () => expect(fairShares([3, 0, 5], 8, 0)).toEqual([3, 0, 5]));
  it('gives what one does not need to the others', () => expect(fairShares([1, 100, 100], 11, 0)).toEqual([1, 5, 5]));
  it('takes turns when there is less than one for each', () => {
    expect(fairShares([9, 9, 9], 1, 0)).toEqual([1, 0, 0]);
    expect(fairShares([9, 9, 9], 1, 1)).toEqual([0, 1, 0]);
    expect(fairShares([9, 9, 9], 2, 2)).toEqual([1, 0, 1]);
  });

  it('gives out all there is, to nobody more than wanted, and never more to who could have had less', () => {
    const wanted = fc.array(fc.nat(50), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(wanted, fc.nat(200), fc.nat(100), (want, most, turn) => {
        const shares = fairShares(want, most, turn);
        expect(sum(shares)).toBe(Math.min(most, sum(want)));
        const unserved = want.flatMap((count, at) => (shares[at]! < count ? [shares[at]!] : []));
        for (const [at, share] of shares.entries()) {
          expect(share).toBeLessThanOrEqual(want[at]!);
          for (const less of unserved) expect(share).toBeLessThanOrEqual(less + 1);
        }
      }),
    );
  });
});
