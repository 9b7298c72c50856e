/** What POST /intent takes: the body, read as strictly as every document. */
import type { z } from 'zod';
import { describeError } from '../../contracts/contractError';
import type { ContractError } from '../../contracts/contractError';
import { marketSnapshot, orderIntent } from '../../contracts/documents/inputs';
import { name } from '../../contracts/documents/kinds';
import { readBySchema } from '../../contracts/documents/readDocument';
import { field, strictObject } from '../../contracts/documents/schema';
import { isJsonObject } from '../../contracts/json/value';
import type { MarketSnapshot, OrderIntent } from '../../contracts/messages';
import { runIdFault } from '../../contracts/runId';
import { Problem } from '../http/problem';
import type { Caller } from '../http/route';
import type { Live } from '../live/live';

export interface IntentRequest {
  readonly intent: OrderIntent;
  readonly run_id?: string | undefined;
  readonly market_snapshot?: MarketSnapshot | undefined;
}

const intentRequest: z.ZodType<IntentRequest> = strictObject({
  intent: orderIntent,
  run_id: field(name).optional(),
  market_snapshot: marketSnapshot.optional(),
});

/** Throws a Problem on a body that is none, and on prices where they are not taken. */
export const readIntentRequest = (body: Uint8Array, allowSenderPrices: boolean): IntentRequest => {
  const read = readBySchema((value) => {
    if (!allowSenderPrices && isJsonObject(value) && value.market_snapshot !== undefined) throw pricesRefused();
    return intentRequest;
  }, body);
  if (read.ok) return read.value;
  throw invalidBody(read.error);
};

const pricesRefused = (): Problem =>
  new Problem('sender_prices_refused', {
    detail:
      'market_snapshot: prices come from the log, not from who sends an intent; leave it out (--allow-sender-prices is for tests)',
    field: 'market_snapshot',
    expected: 'no such field',
  });

export const invalidBody = (error: ContractError): Problem => {
  const expected = EXPECTED.exec(error.message)?.[1];
  return new Problem('invalid_json', {
    detail: describeError(error),
    ...(error.path === '' ? {} : { field: error.path }),
    ...(expected === undefined ? {} : { expected }),
  });
};

/** What the readers of documents say was expected. */
const EXPECTED = /^expected (.+?)(?:, found .*|; .*)?$/s;

/** Tokens may be bound to strategies. Throws a Problem. */
export const checkStrategy = ({ strategies }: Caller, { strategy_id: strategy }: OrderIntent): void => {
  if (strategies === undefined || strategies.has(strategy)) return;
  throw new Problem('forbidden', {
    detail: 'intent.strategy_id: the token may not send intents of this strategy; use a token that is bound to it',
    field: 'intent.strategy_id',
    expected: 'a strategy that the token is bound to',
  });
};

/**
 * Throws a Problem on an id that no URL can name: `.` and `..` are taken out of every path before it is sent, percent-encoded too (RFC 3986, section 5.2.4;
 * WHATWG URL), so that the decision could never be looked up.
 */
export const checkAddressable = ({ intent_id: id }: OrderIntent): void => {
  if (id !== '.' && id !== '..') return;
  throw new Problem('invalid_json', {
    detail: 'intent.intent_id: `.` and `..` are steps in a path, and cannot be looked up by URL; take another id',
    field: 'intent.intent_id',
    expected: 'neither `.` nor `..`',
  });
};

/**
 * The run that is meant, which must have been started: intents of a run that nobody started would be put on record as denied, and whoever may submit could
 * fill the shards' memory of such runs. Throws a Problem. `where`: how the request names it.
 */
export const runFor = (live: Live, given: string | undefined, standard: string | undefined, where: 'run_id' | 'run'): string => {
  const runId = given ?? standard;
  if (runId === undefined)
    throw new Problem('run_missing', {
      detail: `${where}: this server has no run of its own; say which one is meant`,
      field: where,
    });
  const fault = runIdFault(runId);
  if (fault !== undefined) {
    const code = where === 'run' ? 'invalid_parameter' : 'invalid_json';
    throw new Problem(code, { detail: `${where}: no run id: ${fault}`, field: where, expected: 'the id of a run' });
  }
  const run = live.run(runId);
  if (run !== undefined && run.ledger.state.status !== 'UNKNOWN') return runId;
  const problem = unreadYet(live);
  if (problem === undefined)
    throw new Problem('run_not_found', { detail: 'no run with this id was started; GET /runs lists them', field: where });
  throw new Problem('not_ready', {
    detail: `it is not known yet whether there is such a run (${problem}); nothing was written, send it again later`,
    field: where,
    headers: { 'retry-after': '1' },
  });
};

/** Why no run at all is known; undefined: what is not known was not there when the log was read last. */
const unreadYet = (live: Live): string | undefined =>
  live.shards.some(({ runs }) => runs.size > 0) ? undefined : live.problems()[0];
