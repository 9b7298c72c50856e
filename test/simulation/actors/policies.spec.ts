import { readPolicy } from '../../../src/contracts/policyDocument';
import { Random } from '../../support/random';
import { STRATEGIES, SYMBOLS } from './names';
import { drawPolicy, invalidPolicyText } from './policies';

describe('drawn policies', () => {
  it('say in their text what their makers believe they say', () => {
    const random = new Random(1);
    for (let count = 0; count < 100; count++) {
      const { text, policy } = drawPolicy(random, count % 2 === 0 ? 'policy' : 'chaos', SYMBOLS, STRATEGIES);
      const read = readPolicy(text, 'policy');
      expect(read.ok && read.value.policy).toEqual(policy);
    }
  });

  it('are none when they are spoilt', () => {
    const random = new Random(2);
    for (let count = 0; count < 100; count++) {
      const { text } = drawPolicy(random, 'policy', SYMBOLS, STRATEGIES);
      expect(readPolicy(invalidPolicyText(random, text), 'policy').ok).toBe(false);
    }
  });
});
