/** Policies for those who judge by themselves. */
import type { ContractError } from '../contracts/contractError';
import { policyHash, readPolicy } from '../contracts/policyDocument';
import { failed, succeeded } from '../contracts/result';
import type { Result } from '../contracts/result';
import type { ActivePolicy } from '../domain/state';
import { nameOf } from './options';

/** A policy that was read without a fault. */
export interface LoadedPolicy extends ActivePolicy {
  /** What is legal and still worth saying, in one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a capital policy: YAML, as text or UTF-8 bytes, at most 65,536 of them. `sourceName` is what messages call it, such as its file. The errors stand in
 * the order of the text, each with its line, column and path; `describeError` makes one line of one. Never throws.
 */
export const loadPolicy = (input: string | Uint8Array, sourceName = 'policy'): Result<LoadedPolicy, readonly ContractError[]> => {
  const given: unknown = input;
  if (typeof given !== 'string' && !(given instanceof Uint8Array))
    return failed([{ path: '', message: `expected YAML as text or bytes, found ${nameOf(given)}`, source: sourceName }]);
  const read = readPolicy(input, sourceName);
  if (!read.ok) return read;
  const { policy, warnings } = read.value;
  return succeeded({ policy, warnings, hash: policyHash(input) });
};
