/**
 * The run that requests mean when they name none. A first start begins it; every later start on the same log goes on with it.
 *
 * It is found on the log, by who began it, so that nothing has to be remembered beside the log.
 */
import { randomUUID } from 'node:crypto';
import { hexOf } from '../../contracts/json/hex';
import type { ControlPayload } from '../../contracts/messages';
import { policyHash } from '../../contracts/policyDocument';
import { CONTROL_EVENTS } from '../../contracts/topics';
import { recordsTo } from '../../processor/readTo';
import { Failure } from '../failure';
import { readBytes } from '../files';
import type { Live } from '../live/live';
import { priceRecords } from '../publishing/lineForms';
import type { Logger } from '../service/logger';
import type { Session } from '../session';
import { SERVE_ACTOR, tell } from './controls';
import { namesRunFiles, readRunFiles } from './runFiles';
import type { RunBeginning, RunFileFlags } from './runFiles';

export interface DefaultRunFlags extends RunFileFlags {
  readonly run?: string;
  readonly newRun?: boolean;
  readonly watchPolicy?: boolean;
}

export interface DefaultRunOptions extends Session {
  readonly flags: DefaultRunFlags;
  readonly live: Live;
  readonly log: Logger;
  /** The processor is in this process: a log without a run is nothing to serve. */
  readonly embedded: boolean;
}

/** Undefined: requests must name their run. `live` shows the log as it is. Rejects with a Failure, or with a BusError. */
export const openDefaultRun = async (options: DefaultRunOptions): Promise<string | undefined> => {
  const { flags, embedded } = options;
  if (flags.newRun === true) return replaced(options);
  const found = flags.run === undefined ? (embedded ? await foundRun(options) : undefined) : await namedRun(options, flags.run);
  if (found !== undefined) {
    await resumed(options, found);
    return found;
  }
  if (namesRunFiles(flags)) return begin(options, await readRunFiles(flags), undefined);
  if (!embedded) return flags.run;
  throw new Failure(noRun(flags));
};

/** Before anything is opened, where a start can only begin a run: that it can. Rejects with a Failure. */
export const checkBeginning = async (flags: DefaultRunFlags): Promise<void> => {
  if (!namesRunFiles(flags)) throw new Failure(noRun(flags));
  await readRunFiles(flags);
};

/** The run that is active is ended, and another one begun. */
const replaced = async (options: DefaultRunOptions): Promise<string> => {
  const { flags, live, log } = options;
  // Everything is checked before the old run is ended: a mistake must leave it as it is.
  if (flags.run !== undefined && live.run(flags.run) !== undefined)
    throw new Failure(`--new-run: run ${flags.run} is on the log already; name another with --run, or leave it out`);
  const beginning = await readRunFiles(flags);
  const runId = await lastServed(options);
  if (runId !== undefined) {
    const reason = 'a new run begins (--new-run)';
    await tell(options, log, { runId, actor: SERVE_ACTOR, reason, payload: { type: 'RunEnded' } });
  }
  return begin(options, beginning, runId);
};

const noRun = ({ run, policy, portfolio, market }: DefaultRunFlags): string => {
  const lacking = Object.entries({ policy, portfolio, market }).flatMap(([name, file]) =>
    file === undefined ? [`--${name}`] : [],
  );
  const what = run === undefined ? 'there is no run to go on with' : `run ${run} is not active`;
  return `${what}; give ${lacking.join(', ')} to begin one`;
};

/** The last run that a start of this program began and that is active, else the only active one. */
const foundRun = async (options: DefaultRunOptions): Promise<string | undefined> => {
  const { flags, live } = options;
  const last = await lastServed(options);
  if (last !== undefined || namesRunFiles(flags)) return last;
  const active = live.runs().flatMap(({ ledger }) => (ledger.state.status === 'ACTIVE' ? [ledger.state.runId] : []));
  if (active.length > 1)
    throw new Failure(`${active.length} runs are active, and none of them was begun by serve: say which one with --run`);
  return active[0];
};

/** The run, where it is active, or was begun and no processor has read that yet. */
const namedRun = async (options: DefaultRunOptions, runId: string): Promise<string | undefined> => {
  const status = options.live.run(runId)?.ledger.state.status ?? 'UNKNOWN';
  if (status === 'ACTIVE') return runId;
  if (status === 'ENDED') throw new Failure(`run ${runId} has ended; name another one with --run`);
  // Behind Kafka it may be that nobody has read it; here everything is folded, and what began no run was refused.
  if (!options.embedded) for await (const begun of begunRuns(options)) if (begun.runId === runId) return runId;
  return undefined;
};

const lastServed = async (options: DefaultRunOptions): Promise<string | undefined> => {
  let last: string | undefined;
  for await (const { runId, actor } of begunRuns(options))
    if (actor === SERVE_ACTOR && options.live.run(runId)?.ledger.state.status === 'ACTIVE') last = runId;
  return last;
};

/** As the log has them, with who began them. */
async function* begunRuns({ bus, codec }: Session): AsyncGenerator<{ readonly runId: string; readonly actor: string }> {
  for (let partition = 0; partition < bus.shards; partition++)
    for await (const { key, value } of recordsTo(bus, { topic: CONTROL_EVENTS, partition, offset: 0 })) {
      const control = codec.decodeValue(CONTROL_EVENTS, value);
      if (!control.ok || key === null || control.value.payload.type !== 'RunStarted') continue;
      yield { runId: Buffer.from(key).toString('utf8'), actor: control.value.actor };
    }
}

/** The run goes on as it is, whatever the files say by now; where the policy differs, that is worth a word. */
const resumed = async ({ flags, live, log }: DefaultRunOptions, runId: string): Promise<void> => {
  log.info({ run: runId }, 'the run goes on; nothing is begun anew');
  if (flags.policy === undefined || flags.watchPolicy === true) return;
  const active = live.run(runId)?.ledger.state.active?.hash;
  const bytes = await readBytes(flags.policy);
  const hash = policyHash(bytes);
  if (active === undefined || Buffer.compare(active, hash) === 0) return;
  log.warn(
    { run: runId, active: hexOf(active), file: hexOf(hash) },
    `${flags.policy} is another policy than the one in force, which stays: put it in force with \`PUT /policies\`, or start with --watch-policy, ` +
      'or with --new-run for a fresh run',
  );
};

/** `ended`: the run that it takes the place of. */
const begin = async (options: DefaultRunOptions, beginning: RunBeginning, ended: string | undefined): Promise<string> => {
  const { flags, bus, codec, live, log, embedded } = options;
  const { policy, portfolio, market, execution, account, equityMode } = beginning;
  for (const warning of policy.warnings) log.warn({}, warning);
  const runId = flags.run ?? randomUUID();
  const payload: ControlPayload = {
    type: 'RunStarted',
    account_id: account,
    policy_text: policy.text,
    portfolio,
    execution,
    equity_mode: equityMode,
  };
  const prices = [...market.prices].map(([symbol, price]) => ({ symbol, price }));
  const outcome = await tell({ bus, codec }, log, {
    runId,
    actor: SERVE_ACTOR,
    reason: 'the session begins',
    payload,
    alongside: priceRecords(
      { codec, shards: bus.shards },
      [...(embedded ? withdrawn(live, market.prices, ended) : []), ...prices],
      Date.now(),
    ),
  });
  if (outcome === 'silent')
    log.warn({ run: runId }, 'the run is on the log, and no processor has read it: is one running? It begins when one does');
  return runId;
};

/** Prices of earlier runs, of which this market says nothing, are those of another day; where other runs trade, they are theirs. */
const withdrawn = (
  live: Live,
  prices: ReadonlyMap<string, unknown>,
  ended: string | undefined,
): readonly { readonly symbol: string; readonly price: null }[] => {
  if (live.runs().some(({ ledger: { state } }) => state.status === 'ACTIVE' && state.runId !== ended)) return [];
  const known = new Set(live.shards.flatMap((shard) => [...shard.prices.keys()]));
  return [...known]
    .filter((symbol) => !prices.has(symbol))
    .sort()
    .map((symbol) => ({ symbol, price: null }));
};
