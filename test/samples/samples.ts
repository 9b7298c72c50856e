/** The samples, as the tests read them. The README beside them says what they hold. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Inputs {
  readonly id: string;
  readonly policy_yaml: string;
  readonly portfolio: object;
  readonly market: object;
  readonly execution: object | null;
}
/** One evaluation and the Decision that is expected. */
export interface VectorSample extends Inputs {
  readonly intent: { readonly instrument: object };
  readonly expected: { readonly violations: readonly object[]; readonly evidence: readonly object[] };
}
/** One run and what is expected of it. */
export interface StreamSample extends Inputs {
  readonly intents: readonly object[];
  readonly expected: { readonly decisions: readonly object[]; readonly policy_hash: string; readonly summary: object };
}
/** One document that must be refused. */
export interface InvalidSample {
  readonly id: string;
  readonly kind: 'policy' | 'intent' | 'portfolio' | 'market' | 'execution';
  readonly text: string;
  readonly code: string;
  readonly reason: string;
}

const lines = <T>(name: string): T[] =>
  readFileSync(join(__dirname, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

export const vectorSamples = (): VectorSample[] => [
  ...lines<VectorSample>('vectors.jsonl'),
  ...lines<VectorSample>('vectors_faults.jsonl'),
];

export const streamSamples = (): StreamSample[] =>
  ['streams', 'streams_faults'].flatMap((folder) =>
    readdirSync(join(__dirname, folder)).map(
      (name) => JSON.parse(readFileSync(join(__dirname, folder, name), 'utf8')) as StreamSample,
    ),
  );

export const invalidSamples = (): InvalidSample[] => lines<InvalidSample>('invalid.jsonl');
