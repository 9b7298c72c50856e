import { createHash } from 'node:crypto';
import { executionOf, intentOf, portfolioOf } from '../../test/support/situations';
import { policyText, START, TestShard } from '../../test/support/shard';
import { decimal } from '../contracts/decimal';
import type { OrderIntent } from '../contracts/messages';
import { AUDIT_RECORDS, CONTROL_EVENTS, MARKET_PRICES, ORDER_INTENTS } from '../contracts/topics';

const open = async (): Promise<TestShard> => {
  const shard = new TestShard();
  await shard.takeOver();
  return shard;
};
/** A started run with a price for AAPL. */
const openRun = async (fields: Parameters<TestShard['started']>[0] = {}): Promise<TestShard> => {
  const shard = await open();
  await shard.feed(shard.started(fields), shard.price('AAPL', '200'));
  return shard;
};
const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();
const intent = (id: string, fields: Parameters<typeof intentOf>[0] = {}): OrderIntent =>
  intentOf({ intent_id: id, timestamp: at(1), ...fields });
const verdicts = async (shard: TestShard): Promise<readonly string[]> =>
  (await shard.decisions()).map(({ decision, violations }) => [decision, ...violations.map(({ rule_id }) => rule_id)].join(' '));
const kinds = async (shard: TestShard): Promise<readonly string[]> => (await shard.audits()).map(({ kind }) => kind);
const run = (shard: TestShard) => shard.live.shard.runs.get('r-1')!.state;

describe('decisions', () => {
  it('answers an intent once, and chains its record to the one before', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('i-1')));
    expect(await verdicts(shard)).toEqual(['ALLOW']);
    const raw = await shard.all(AUDIT_RECORDS);
    let previous: Uint8Array = new Uint8Array(32);
    raw.forEach(({ value }, index) => {
      const audit = shard.codec.decodeAudit(value);
      if (!audit.ok) throw new Error(audit.error.message);
      const { record, hash, hashed } = audit.value;
      expect([record.seq, Buffer.from(record.prev_hash)]).toEqual([index, Buffer.from(previous)]);
      expect(Buffer.from(hash)).toEqual(createHash('sha256').update(previous).update(hashed).digest());
      previous = hash;
    });
    expect(raw).toHaveLength(2);
  });

  it('stays silent on a repeat, and puts it on record', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('i-1')), shard.intent(intent('i-1')));
    expect(await verdicts(shard)).toEqual(['ALLOW']);
    expect((await shard.audits()).at(-1)).toMatchObject({ kind: 'DUPLICATE', duplicate: { decided_seq: 1, conflict: false } });
  });

  it('denies another body under a decided id: a conflict on record, and no order', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('i-1')), shard.intent(intent('i-1', { qty: decimal('11') })));
    expect(await verdicts(shard)).toEqual(['ALLOW']);
    expect((await shard.audits()).at(-1)).toMatchObject({ kind: 'DUPLICATE', duplicate: { conflict: true } });
  });

  it('denies intents of a run that was never started, and keeps those answers when it starts', async () => {
    const shard = await open();
    await shard.feed(
      shard.price('AAPL', '200'),
      shard.intent(intent('i-1')),
      shard.started(),
      shard.intent(intent('i-1')),
      shard.intent(intent('i-2')),
    );
    expect(await verdicts(shard)).toEqual(['DENY SYS-002', 'ALLOW']);
    expect((await shard.decisions())[0]?.violations[0]?.message).toContain('murmur2');
    expect(await kinds(shard)).toEqual(['DECISION', 'CONTROL', 'DUPLICATE', 'DECISION']);
  });

  it('denies intents of a run that has ended', async () => {
    const shard = await openRun();
    await shard.feed(shard.control({ type: 'RunEnded' }), shard.intent(intent('i-1')));
    expect(await verdicts(shard)).toEqual(['DENY SYS-002']);
  });

  it('counts working orders, so that a burst cannot pass together what none could after the first fill', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('i-1', { qty: decimal('30') })), shard.intent(intent('i-2', { qty: decimal('30') })));
    expect((await shard.decisions()).map(({ decision, order }) => [decision, order?.qty])).toEqual([
      ['ALLOW', decimal('30')],
      ['MODIFY', decimal('20')],
    ]);
  });

  it('forgets an order exactly 60 s later, and no sooner', async () => {
    const shard = await openRun();
    const small = (id: string, seconds: number): OrderIntent =>
      intent(id, { qty: decimal('1'), timestamp: at(seconds), strategy_id: `s-${id}` });
    for (let n = 0; n < 20; n++) await shard.feed(shard.intent(small(`i-${n}`, 1)));
    await shard.feed(shard.intent(small('late', 60.999)), shard.intent(small('later', 61)));
    expect((await verdicts(shard)).slice(20)).toEqual(['DENY EXEC-001', 'ALLOW']);
  });

  it('cannot be dodged by an intent that is dated back', async () => {
    const shard = await openRun();
    for (let n = 0; n < 11; n++)
      await shard.feed(shard.intent(intent(`i-${n}`, { qty: decimal('1'), timestamp: at(100 - n * 10) })));
    expect((await verdicts(shard)).at(-1)).toBe('DENY EXEC-002');
  });
});

describe('executions', () => {
  it('move the position once, however often they come, and give back what was reserved', async () => {
    const shard = await openRun();
    const part = executionOf({ qty: decimal('4'), cum_qty: decimal('4'), leaves_qty: decimal('6') });
    const cancel = executionOf({
      event: 'ORDER_CANCELLED',
      qty: null,
      price: null,
      cum_qty: decimal('4'),
      leaves_qty: decimal('0'),
    });
    await shard.feed(shard.intent(intent('i-1')), shard.execution(part), shard.execution(part));
    expect(run(shard).exposure.of('AAPL')).toEqual({ qty: decimal('4'), workingBuy: decimal('6'), workingSell: 0n });
    await shard.feed(shard.execution(cancel), shard.execution(part));
    expect(run(shard).exposure.of('AAPL')).toEqual({ qty: decimal('4'), workingBuy: 0n, workingSell: 0n });
    expect((await shard.audits()).slice(-4).map(({ note }) => note)).toEqual([null, 'no change', null, 'no change']);
  });

  it('apply a fill that comes after the cancel', async () => {
    const shard = await openRun();
    const cancel = executionOf({
      event: 'ORDER_CANCELLED',
      qty: null,
      price: null,
      cum_qty: decimal('0'),
      leaves_qty: decimal('0'),
    });
    await shard.feed(shard.intent(intent('i-1')), shard.execution(cancel), shard.execution(executionOf()));
    expect(run(shard).exposure.of('AAPL')).toEqual({ qty: decimal('10'), workingBuy: 0n, workingSell: 0n });
  });

  it('count for an unknown order too, once, and block its id', async () => {
    const shard = await openRun();
    await shard.feed(shard.execution(executionOf()), shard.execution(executionOf()), shard.intent(intent('i-1')));
    expect(run(shard).exposure.of('AAPL').qty).toBe(decimal('10'));
    expect((await shard.audits()).slice(1).map(({ kind, note }) => [kind, note])).toEqual([
      ['EXECUTION', 'unsolicited'],
      ['EXECUTION', 'no change'],
      ['DUPLICATE', null],
    ]);
  });
});

it('what strangers filled before a run began does not come back with a takeover', async () => {
  for (const takesOver of [false, true]) {
    const shard = new TestShard();
    await shard.takeOver();
    await shard.feed(shard.price('AAPL', '200'), shard.execution(executionOf()));
    await shard.takeOver();
    await shard.feed(shard.started());
    if (takesOver) await shard.takeOver();
    await shard.feed(shard.intent(intent('a')));
    expect((await shard.audits()).at(-1)?.facts?.position_qty).toBe(decimal('0'));
  }
});

describe('what is too large to be written down', () => {
  const huge = '90000000000000000000';

  it('is denied without facts, on record, and the stream lives on: exposure', async () => {
    const symbols = Array.from({ length: 10 }, (_, n) => `S${n}`);
    const portfolio = portfolioOf(Object.fromEntries(symbols.map((symbol) => [symbol, huge])), huge);
    const shard = await openRun({ portfolio, policy_text: policyText({ tripOn: '"SYS-002"' }) });
    await shard.feed(...symbols.map((symbol) => shard.price(symbol, huge)), shard.intent(intent('a')));
    await shard.feed(...symbols.map((symbol) => shard.price(symbol, '0.01')), shard.intent(intent('b')));
    expect(await verdicts(shard)).toEqual(['DENY SYS-002', expect.stringContaining('KILL-001')]);
    expect((await shard.audits())[1]).toMatchObject({ kind: 'DECISION', facts: null });
  });

  it.each([
    ['a ratio that rounds up to 10^20', { portfolio: portfolioOf({ AAPL: '499999999999999999.999999' }, '1') }],
    ['a limit that rounds up to 10^20', { policy_text: policyText().replace('2.0', '99999999999999999999.9999999') }],
  ])('is denied, on record, and the stream lives on: %s', async (_, fields) => {
    const shard = await openRun(fields);
    await shard.feed(shard.intent(intent('a')), shard.intent(intent('b')));
    expect((await verdicts(shard)).map((verdict) => verdict.includes('SYS-002'))).toEqual([true, true]);
  });

  it('is refused, on record, and the stream lives on: a position', async () => {
    const shard = await openRun();
    const fill = (id: string) => shard.execution(executionOf({ intent_id: id, qty: decimal(huge), cum_qty: decimal(huge) }));
    await shard.feed(fill('x'), fill('y'), shard.intent(intent('a')));
    expect(run(shard).exposure.of('AAPL').qty).toBe(decimal(huge));
    expect(await kinds(shard)).toEqual(['CONTROL', 'EXECUTION', 'REJECTED_INPUT', 'DECISION', 'KILL_SWITCH']);
    await shard.takeOver();
    expect(run(shard).exposure.of('AAPL').qty).toBe(decimal(huge));
  });
});

describe('the kill switch', () => {
  const oversized = (id: string, seconds = 1): OrderIntent =>
    intent(id, { qty: decimal('1000'), strategy_id: id, timestamp: at(seconds) });

  it('trips after the decision that fills the window, on a record of its own', async () => {
    const shard = await openRun({ policy_text: policyText({ position: '0.001' }) });
    await shard.feed(
      ...['a', 'b'].map((id) => shard.intent(intent(id, { qty: decimal('1') }))),
      shard.intent(intent('c', { qty: decimal('1') })),
    );
    await shard.feed(shard.intent(intent('d', { qty: decimal('0.1') })));
    expect(await verdicts(shard)).toEqual(['MODIFY EXP-001', 'DENY EXP-001', 'DENY EXP-001', 'DENY KILL-001 EXP-001']);
    expect((await shard.audits()).map(({ kind, kill_switch }) => [kind, kill_switch?.cause])).toEqual([
      ['CONTROL', undefined],
      ['DECISION', undefined],
      ['DECISION', undefined],
      ['DECISION', undefined],
      ['KILL_SWITCH', 'COUNT'],
      ['DECISION', undefined],
    ]);
  });

  it('trips at once by a rule, and the order that was reduced still stands', async () => {
    const shard = await openRun({ policy_text: policyText({ tripOn: '"EXP-001"' }) });
    await shard.feed(shard.intent(intent('a', { qty: decimal('60') })), shard.intent(intent('b')));
    expect(await verdicts(shard)).toEqual(['MODIFY EXP-001', 'DENY KILL-001 EXP-001']);
    expect((await shard.audits())[2]?.kill_switch).toMatchObject({ cause: 'RULE', rule_ids: ['EXP-001'] });
  });

  it('stays until it is reset by someone, for a reason; what led to the trip does not count again', async () => {
    const shard = await openRun({ policy_text: policyText({ tripAfter: 1 }) });
    await shard.feed(shard.intent(oversized('a')));
    await shard.feed(shard.control({ type: 'KillSwitchReset' }, { reason: ' ' }));
    expect(run(shard).killSwitchActive).toBe(true);
    await shard.feed(
      shard.control({ type: 'KillSwitchReset' }),
      shard.intent(intent('b', { symbol: 'AAPL', qty: decimal('1') })),
    );
    expect(run(shard).killSwitchActive).toBe(false);
    expect(await kinds(shard)).toEqual(['CONTROL', 'DECISION', 'KILL_SWITCH', 'REJECTED_INPUT', 'KILL_SWITCH', 'DECISION']);
  });

  it('does not count what was before a reset after a takeover either', async () => {
    const shard = await openRun({ policy_text: policyText({ tripAfter: 2 }) });
    await shard.feed(shard.intent(intent('a', { qty: decimal('60') })), shard.intent(intent('b', { qty: decimal('60') })));
    expect(run(shard).killSwitchActive).toBe(true);
    await shard.feed(shard.control({ type: 'KillSwitchReset' }));
    await shard.takeOver();
    await shard.feed(shard.intent(intent('c', { qty: decimal('60') })));
    expect(run(shard).killSwitchActive).toBe(false);
  });

  it('does not count what the run was denied before it began, with or without a takeover', async () => {
    for (const takesOver of [false, true]) {
      const shard = new TestShard();
      await shard.takeOver();
      await shard.feed(shard.price('AAPL', '200'), ...['early', 'too early'].map((id) => shard.intent(intent(id))));
      await shard.feed(shard.started({ policy_text: policyText({ tripAfter: 3 }) }));
      if (takesOver) await shard.takeOver();
      await shard.feed(shard.intent(intent('a', { qty: decimal('60') })));
      expect((await shard.audits()).at(-1)?.facts?.violations_in_window).toBe(0);
      expect(run(shard).killSwitchActive).toBe(false);
    }
  });

  it('trips every run of the shard, those that start later too', async () => {
    const shard = await openRun();
    await shard.feed(shard.control({ type: 'KillSwitchTripped' }, { run: '*' }), shard.started({}, 'r-2'));
    await shard.feed(shard.intent(intent('a')), shard.intent(intent('a'), 'r-2'));
    expect(await verdicts(shard)).toEqual(['DENY KILL-001', 'DENY KILL-001']);
    await shard.feed(
      shard.control({ type: 'KillSwitchReset' }, { run: '*' }),
      shard.intent(intent('b')),
      shard.intent(intent('b'), 'r-2'),
    );
    expect((await verdicts(shard)).slice(2)).toEqual(['ALLOW', 'ALLOW']);
  });
});

describe('control', () => {
  it('activates a policy at one point of the stream, and refuses an invalid one', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('a')));
    await shard.feed(shard.control({ type: 'PolicyActivated', policy_text: 'limits: {}' }), shard.intent(intent('b')));
    await shard.feed(
      shard.control({ type: 'PolicyActivated', policy_text: policyText({ position: '0.00001' }) }),
      shard.intent(intent('c')),
    );
    expect(await verdicts(shard)).toEqual(['ALLOW', 'ALLOW', 'DENY EXP-001']);
    const [, , refused] = await shard.audits();
    expect([refused?.kind, refused?.note]).toEqual(['REJECTED_INPUT', expect.stringContaining('limits')]);
  });

  it('refuses a second start, figures that are not above zero, and events for a run that was never started', async () => {
    const shard = await openRun();
    await shard.feed(
      shard.started(),
      shard.started({ portfolio: portfolioOf({}, '0') }, 'r-2'),
      shard.control({ type: 'RunEnded' }, { run: 'r-3' }),
    );
    const refused = [
      ...(await shard.audits()).slice(1).map(({ kind }) => kind),
      ...(await shard.deadLetters()).map(() => 'DEAD'),
    ];
    expect(refused.every((kind) => kind === 'REJECTED_INPUT' || kind === 'DEAD')).toBe(true);
    expect(refused).toHaveLength(3);
  });

  it('replaces the portfolio', async () => {
    const shard = await openRun({ portfolio: portfolioOf({ AAPL: '5', MSFT: '1' }) });
    const positions = new Map([['AAPL', decimal('7')]]);
    const figures = { equity: decimal('50000'), start_of_day_equity: decimal('50000'), peak_equity: decimal('50000') };
    await shard.feed(shard.control({ type: 'PortfolioUpdated', ...figures, positions }));
    expect([...run(shard).exposure.positions].map(([symbol, { qty }]) => [symbol, qty])).toEqual([['AAPL', decimal('7')]]);
    expect(run(shard).account.equity).toBe(decimal('50000'));
  });
});

describe('prices', () => {
  it('deny while a held symbol has none', async () => {
    const shard = await openRun({ portfolio: portfolioOf({ TSLA: '1' }) });
    await shard.feed(
      shard.intent(intent('a')),
      shard.price('TSLA', '250'),
      shard.intent(intent('b')),
      shard.price('TSLA', null),
      shard.intent(intent('c')),
    );
    expect(await verdicts(shard)).toEqual(['DENY SYS-001', 'ALLOW', 'DENY SYS-001']);
  });

  it('count as none when they are not above zero', async () => {
    const shard = await openRun();
    await shard.feed(shard.price('AAPL', '0'), shard.intent(intent('a')), shard.price('AAPL', '-1'), shard.intent(intent('b')));
    expect(await verdicts(shard)).toEqual(['DENY SYS-001', 'DENY SYS-001']);
  });
});

describe('unreadable records', () => {
  it('are set aside whole, with where they stood and why, and the stream goes on', async () => {
    const shard = await openRun();
    const garbage = Buffer.from('0000000000ffff', 'hex');
    await shard.feed(
      shard.record(ORDER_INTENTS, 'r-1', garbage),
      shard.record(ORDER_INTENTS, null, shard.intent(intent('x')).value),
      shard.record(ORDER_INTENTS, Buffer.from([0xff, 0xfe]), shard.intent(intent('x')).value),
      shard.record(MARKET_PRICES, 'AAPL', null),
      shard.record(CONTROL_EVENTS, '*', shard.started().value),
      shard.intent(intent('a')),
    );
    expect(await verdicts(shard)).toEqual(['ALLOW']);
    const letters = await shard.deadLetters();
    expect(letters.map(({ headers }) => [headers.topic, headers.offset])).toEqual([
      ['order-intents', '0'],
      ['order-intents', '1'],
      ['order-intents', '2'],
      ['market-prices', '1'],
      ['control-events', '1'],
    ]);
    expect(Buffer.from(letters[0]!.value!)).toEqual(garbage);
    expect(letters.every(({ headers }) => (headers.reason ?? '').length > 10)).toBe(true);
  });
});

describe('taking over', () => {
  it('fences the last owner: what it folded afterwards is never seen', async () => {
    const shard = await openRun();
    const old = shard.live;
    await shard.takeOver();
    await shard.publish(shard.intent(intent('a')));
    await expect(old.step({ maxRecords: 10, maxWaitMs: 0 })).rejects.toMatchObject({ code: 'BUS_FENCED' });
    expect(await shard.decisions()).toHaveLength(0);
    await shard.settle();
    expect(await shard.decisions()).toHaveLength(1);
  });

  it('stops at a state that the audit log contradicts', async () => {
    const shard = await openRun();
    await shard.feed(shard.intent(intent('a')));
    const last = (await shard.all(AUDIT_RECORDS)).at(-1)!;
    await shard.publish(last);
    const tampered = Buffer.from(last.value!);
    tampered[tampered.length - 1]! ^= 1;
    await shard.publish({ ...last, value: tampered });
    await expect(shard.takeOver()).rejects.toMatchObject({ name: 'StateError' });
  });
});
