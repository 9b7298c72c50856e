/** The policies that a log carries or that were given beside it, by the hash of their text. The newest are kept: a log may carry any number. */
import { describeError } from '../../contracts/contractError';
import { hexOf } from '../../contracts/json/hex';
import { policyHash, readPolicy } from '../../contracts/policyDocument';
import type { ActivePolicy } from '../../domain/state';

const MOST_KEPT = 256;

export class KnownPolicies {
  /** Never dropped. */
  private readonly given: ReadonlyMap<string, ActivePolicy>;
  private readonly carried = new Map<string, ActivePolicy>();

  constructor(given: readonly ActivePolicy[]) {
    this.given = new Map(given.map((policy) => [hexOf(policy.hash), policy]));
  }

  byHash(hash: Uint8Array): ActivePolicy | undefined {
    const hex = hexOf(hash);
    return this.given.get(hex) ?? this.carried.get(hex);
  }

  /** The policy of a text that stands in the log; or why it is none. */
  ofText(text: string): ActivePolicy | string {
    const hash = policyHash(text);
    const known = this.byHash(hash);
    if (known !== undefined) return known;
    const read = readPolicy(text, 'policy');
    if (!read.ok) return `the policy is invalid: ${read.error.map(describeError).join('; ')}`;
    const policy = { policy: read.value.policy, hash };
    const [oldest] = this.carried.keys();
    if (this.carried.size >= MOST_KEPT && oldest !== undefined) this.carried.delete(oldest);
    this.carried.set(hexOf(hash), policy);
    return policy;
  }
}
