/** What a risk officer does by HTTP while it all runs: policies in force and refused, the kill switch tripped and reset. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/program';
import { ask, jsonOf } from '../support/serve';
import type { Answered } from '../support/serve';
import { INVALID_POLICY, policyOf } from './runFiles';

export interface Desk {
  readonly url: () => string;
  readonly token: string;
  /** The run that is traded now. */
  readonly run: () => string;
}

const TRIPPED_MS = 5_000;
const TRIES = 40;
const PAUSE_MS = 500;

/** One that is invalid and must be refused, then two that are valid. Rejects where it is answered otherwise. */
export const changePolicies = async (desk: Desk): Promise<void> => {
  const put = (policy_text: string): Promise<Answered> =>
    told(desk, 'PUT', '/policies', { policy_text, run_id: desk.run(), actor: 'soak', reason: 'a change of policy' });
  await expected(put(INVALID_POLICY), 400);
  for (const position of ['0.05', '0.10']) await expected(put(policyOf(position)), 200, 202, 409);
};

export const tripAndReset = async (desk: Desk): Promise<void> => {
  const say = (action: 'trip' | 'reset'): Promise<Answered> =>
    told(desk, 'POST', '/kill-switch', { action, actor: 'soak', reason: 'a drill' });
  await expected(say('trip'), 200, 202);
  await sleep(TRIPPED_MS);
  await expected(say('reset'), 200, 202);
};

/** Resolves when the server answers that it is ready. */
export const untilReady = async ({ url, token }: Pick<Desk, 'url' | 'token'>, limitMs: number): Promise<void> => {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await ask(ONE_EACH, `${url()}/readyz`, { headers: bearer(token) }).catch(() => undefined);
    if (answer?.status === 200) return;
    if (performance.now() > until) throw new Error(`not ready: ${answer?.text ?? 'it does not answer'}`);
    await sleep(PAUSE_MS);
  }
};

/** Inputs of all shards that are not folded yet; undefined: it does not answer. */
export const lagOf = async ({ url, token }: Pick<Desk, 'url' | 'token'>): Promise<number | undefined> => {
  const answer = await ask(ONE_EACH, `${url()}/readyz`, { headers: bearer(token) }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  return (jsonOf(answer).shards as readonly { readonly lag: number }[]).reduce((sum, { lag }) => sum + lag, 0);
};

/** As a scraper does it, which is load as well. Answers whether it came. */
export const scraped = async ({ url, token }: Pick<Desk, 'url' | 'token'>): Promise<boolean> =>
  (await ask(ONE_EACH, `${url()}/metrics`, { headers: bearer(token) }).catch(() => undefined))?.status === 200;

const ONE_EACH = new Agent({ keepAlive: false });
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Said again while the server takes nothing: it is a word that must get through. */
const told = async ({ url, token }: Desk, method: string, path: string, body: Json): Promise<Answered> => {
  for (let left = TRIES; ; left--) {
    const sent = { method, body: JSON.stringify(body), headers: bearer(token) };
    const answer = await ask(ONE_EACH, `${url()}${path}`, sent).catch(() => undefined);
    if (answer !== undefined && answer.status !== 503 && answer.status !== 404) return answer;
    if (left === 0) throw new Error(`${method} ${path}: ${answer === undefined ? 'no answer' : answer.text}`);
    await sleep(PAUSE_MS);
  }
};

const expected = async (asked: Promise<Answered>, ...statuses: readonly number[]): Promise<void> => {
  const { status, text } = await asked;
  if (!statuses.includes(status)) throw new Error(`${status} instead of ${statuses.join(' or ')}: ${text.slice(0, 300)}`);
};
