/** What the documents say agrees with what decisions say, after any history. */
import { expectDocument } from '../../../../test/support/apiSchemas';
import { Random } from '../../../../test/support/random';
import { TestLog, until } from '../../../../test/support/services';
import { TestShard } from '../../../../test/support/shard';
import { dayOf, live as liveDay } from '../../../../test/support/shardHistory';
import { intentOf } from '../../../../test/support/situations';
import {
  decimal,
  magnitude,
  minus,
  NO_NOTIONAL,
  parseDecimal,
  plus,
  plusNotional,
  ratio6,
  times,
  ZERO,
} from '../../../contracts/decimal';
import type { Decimal, Notional } from '../../../contracts/decimal';
import { canonicalJson } from '../../../contracts/json/write';
import type { OrderStatus, Side } from '../../../contracts/messages';
import { AUDIT_RECORDS } from '../../../contracts/topics';
import { LiveLog } from '../../live/liveLog';
import type { LiveRun } from '../../live/live';
import { accountsDocument } from './accountsDocument';
import { decisionDetail } from './decisionDetail';
import { evaluateNow } from './evaluateNow';
import { killSwitchDocument } from './killSwitchDocument';
import { portfolioDocument } from './portfolioDocument';
import { rowText } from './rows';
import { runDocument } from './runDocument';

type Fields = Readonly<Record<string, unknown>>;
const amountIn = (fields: Fields, name: string): Decimal => {
  const parsed = parseDecimal(String(fields[name]));
  if (typeof parsed === 'string') throw new Error(`${name}: ${parsed}`);
  return parsed;
};

/** After each part of the day, as the live view shows it. */
const days = async (look: (live: LiveLog, shard: TestShard) => Promise<void> | void): Promise<void> => {
  for (const seed of [11, 12, 13, 14]) {
    const random = new Random(seed);
    const shard = new TestShard();
    const day = dayOf(shard, seed, 200);
    const live = LiveLog.open({ bus: shard.bus, codec: shard.codec, log: new TestLog() });
    await live.start();
    for (let at = 0; at < day.length; at += 50) {
      await liveDay(shard, day.slice(at, at + 50), { random, most: 10, takeover: 0 });
      const end = await shard.bus.endOffset(AUDIT_RECORDS, 0);
      const { nextSeq } = shard.live.shard.runs.get('r-1') ?? { nextSeq: 0 };
      await until(
        'current',
        () => live.position()[0] === end && live.run('r-1')?.ledger.nextSeq === nextSeq && live.problems().length === 0,
      );
      await look(live, shard);
    }
    await live.stop();
    await shard.bus.close();
  }
};

/** The evidence of an order of one share, from nothing but the portfolio. */
const implied = (portfolio: Fields, symbol: string, side: Side): readonly unknown[] | undefined => {
  const positions = portfolio.positions as readonly Fields[];
  if (positions.some(({ price }) => price === null)) return undefined;
  const equity = amountIn(portfolio, 'equity');
  const [start, peak] = [amountIn(portfolio, 'start_of_day_equity'), amountIn(portfolio, 'peak_equity')];
  let [position, gross, net]: [Notional, Notional, Notional] = [NO_NOTIONAL, NO_NOTIONAL, NO_NOTIONAL];
  for (const held of positions) {
    const price = amountIn(held, 'price');
    const bought = plus(amountIn(held, 'qty'), amountIn(held, 'working_buy_qty'));
    const sold = minus(amountIn(held, 'qty'), amountIn(held, 'working_sell_qty'));
    const onSide = times(side === 'buy' ? bought : sold, price);
    net = plusNotional(net, onSide);
    if (held.symbol === symbol) position = onSide;
    else
      gross = plusNotional(
        gross,
        magnitude(magnitude(times(bought, price)) > magnitude(times(sold, price)) ? times(bought, price) : times(sold, price)),
      );
  }
  const price = PRICES.get(symbol);
  if (price === undefined) return undefined;
  const one = times(decimal(side === 'buy' ? '1' : '-1'), price);
  const after = magnitude(plusNotional(position, one));
  const change = (value: Decimal, of: Decimal): Decimal => (value === 0n ? ZERO : ratio6(times(value, decimal('1')), of));
  return [
    change(minus(equity, start), start),
    change(minus(peak, equity), peak),
    ratio6(after, equity),
    ratio6(plusNotional(gross, after), equity),
    ratio6(magnitude(plusNotional(net, one)), equity),
  ];
};
let PRICES: ReadonlyMap<string, Decimal> = new Map();

it('the evidence of a decision is what the portfolio implies', async () => {
  let compared = 0;
  await days((live) => {
    for (const run of live.runs()) {
      PRICES = run.shard.prices;
      const { state } = run.ledger;
      const text = canonicalJson(portfolioDocument(run, 0));
      const portfolio = expectDocument('Portfolio', text);
      if (state.status !== 'ACTIVE') continue;
      for (const symbol of ['AAPL', 'MSFT', 'SPY', '__proto__'])
        for (const side of ['buy', 'sell'] as const) {
          const { decision, facts, clock } = evaluateNow(run, intentOf({ symbol, side, qty: decimal('1') }), 0);
          expect(clock).toBe(state.clock);
          const expected = implied(portfolio, symbol, side);
          if (expected === undefined || state.account.equity <= 0n) {
            expect(decision.violations.map(({ rule_id }) => rule_id.slice(0, 3))).toEqual(['SYS']);
            continue;
          }
          expect(decision.evidence.map(({ value }) => value)).toEqual(expected);
          const uses = new Map((portfolio.limits as readonly Fields[]).map((use) => [use.metric, use.value]));
          expect(uses.get('orders_last_60s_global')).toBe(facts?.orders_last_60s_global);
          expect(uses.get('violations_in_window')).toBe(facts?.violations_in_window);
          expect(killSwitchDocument(run, undefined, 0)).toMatchObject({ violations_in_window: facts?.violations_in_window });
          compared += 1;
        }
    }
  });
  expect(compared).toBeGreaterThan(100);
}, 30_000);

it('a decision on the log has the evidence that a question right before it got', async () => {
  const shard = new TestShard();
  await shard.takeOver();
  const day = dayOf(shard, 21, 300);
  const live = LiveLog.open({ bus: shard.bus, codec: shard.codec, log: new TestLog() });
  await live.start();
  let compared = 0;
  for (const record of day) {
    const decoded = record.topic === 'order-intents' ? shard.codec.decodeValue(record.topic, record.value) : undefined;
    const runId = Buffer.from(record.key ?? []).toString();
    const run = live.run(runId);
    const asked =
      decoded?.ok === true && run?.ledger.state.status === 'ACTIVE'
        ? evaluateNow(run, decoded.value, record.timestamp)
        : undefined;
    await shard.feed(record);
    const end = await shard.bus.endOffset(AUDIT_RECORDS, 0);
    const positions = { ...shard.live.shard.positions };
    await until(
      'current',
      () => live.position()[0] === end && JSON.stringify(live.shards[0]?.positions) === JSON.stringify(positions),
    );
    const last = (await live.journal(runId, (live.run(runId)?.ledger.nextSeq ?? 1) - 1, 1))[0]?.sealed().record;
    const decided = last?.kind === 'KILL_SWITCH' ? (await live.journal(runId, last.seq - 1, 1))[0]?.sealed().record : last;
    if (asked === undefined || decided?.kind !== 'DECISION') continue;
    expect(decided.facts).toEqual(asked.facts);
    expect(decided.decision).toMatchObject({
      decision: asked.decision.decision,
      evidence: asked.decision.evidence,
      violations: asked.decision.violations,
    });
    compared += 1;
  }
  expect(compared).toBeGreaterThan(40);
  await live.stop();
  await shard.bus.close();
}, 30_000);

it('every row and every detail is what its schema says, and the order in it what the run knows', async () => {
  const statuses = new Set<OrderStatus>();
  await days(async (live) => {
    expectDocument('Accounts', canonicalJson(accountsDocument(live.runs())));
    for (const run of live.runs()) {
      expectDocument('Run', canonicalJson(runDocument(run, undefined)));
      const { state, nextSeq } = run.ledger;
      for (const record of await live.journal(state.runId, 0, nextSeq)) expectDocument('Row', rowText(record, true));
      if (state.status === 'ENDED') continue;
      for (const intentId of state.intents.ids()) await expectDetail(live, run, intentId, statuses);
    }
  });
  expect([...statuses].sort()).toEqual(['CANCELLED', 'FILLED', 'WORKING']);
}, 30_000);

const expectDetail = async (live: LiveLog, { ledger }: LiveRun, intentId: string, statuses: Set<OrderStatus>): Promise<void> => {
  const known = ledger.state.intents.get(intentId);
  const timeline = await live.timeline(ledger.state.runId, intentId);
  const decided = timeline.find(({ head }) => head.kind === 'DECISION');
  // A fill that nobody asked for.
  if (decided === undefined || known === undefined) return;
  const { order } = expectDocument('DecisionDetail', decisionDetail(decided, timeline, undefined)) as { order: Fields | null };
  if (known.decision === 'DENY') expect(order).toBeNull();
  else {
    expect([order?.status, amountIn(order ?? {}, 'qty'), amountIn(order ?? {}, 'cum_qty')]).toEqual([
      known.status,
      known.qty,
      known.cum_qty,
    ]);
    statuses.add(known.status);
  }
};
