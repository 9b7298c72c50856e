import type { Row } from '../api/documents';
import { CHUNK_ROWS } from './chunk';
import type { Filter } from './filter';
import { JournalStore } from './journalStore';
import { Selection } from './selection';

const VERDICTS = ['ALLOW', 'MODIFY', 'DENY'];
const decision = (seq: number, fields: Partial<Row> = {}): Row => ({
  seq,
  kind: 'DECISION',
  clock_ms: 60_000 * seq,
  intent_id: `nd-${seq}`,
  strategy_id: seq % 2 === 0 ? 'momentum_v1' : 'carry_v2',
  symbol: seq % 5 === 0 ? 'NVDA' : 'AAPL',
  side: 'buy',
  order_type: 'market',
  qty: '0.123456789012345678',
  decision: VERDICTS[seq % 3] ?? '',
  rules: seq % 3 === 2 ? ['EXP-001', 'LOSS-001'] : [],
  ...fields,
});
const decisions = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, index) => decision(from + index));
const found = (store: JournalStore, filter: Filter): number[] => {
  const selection = new Selection(store, filter);
  while (!selection.refresh(0)) continue;
  return Array.from({ length: selection.length }, (_, index) => selection.seqAt(index) ?? -1);
};

describe('a filtered journal', () => {
  it('is the same whatever order its rows came in, newest first', () => {
    const rows = decisions(0, 3 * CHUNK_ROWS);
    const forwards = new JournalStore();
    forwards.add(rows);
    const backwards = new JournalStore();
    for (let at = rows.length; at > 0; at -= 1000) backwards.add(rows.slice(Math.max(0, at - 1000), at));
    backwards.add(rows.slice(100, 200)); // again
    expect(backwards.size).toBe(rows.length);
    const expected = rows
      .filter(({ symbol }) => symbol === 'NVDA')
      .map(({ seq }) => seq)
      .reverse();
    expect(found(forwards, { symbol: 'NVDA' })).toEqual(expected);
    expect(found(backwards, { symbol: 'NVDA' })).toEqual(expected);
    expect(backwards.row(7)).toMatchObject({ seq: 7, intentId: 'nd-7', strategyId: 'carry_v2', qty: '0.123456789012345678' });
  });

  it.each<[Filter, number[]]>([
    [{ verdict: 'DENY' }, [8, 5, 2]],
    [{ verdict: 'DENY', strategy: 'momentum_v1' }, [8, 2]],
    [{ rule: 'LOSS-001' }, [8, 5, 2]],
    [{ rule: 'LOSS' }, []],
    [{ text: 'ND-3' }, [3]],
    [{ text: 'nvda carry' }, [5]],
    [{ text: 'broken' }, [9]],
    [{ kinds: ['KILL_SWITCH'] }, [9]],
    [{ from: 60_000 * 7, to: 60_000 * 8 }, [8, 7]],
    [{ strategy: 'nobody' }, []],
  ])('finds with %j the rows %j', (filter, seqs) => {
    const store = new JournalStore();
    store.add([
      ...decisions(0, 9),
      { seq: 9, kind: 'KILL_SWITCH', clock_ms: 0, active: true, cause: 'OPERATOR', actor: 'alice', reason: 'The feed is BROKEN' },
    ]);
    expect(found(store, filter)).toEqual(seqs);
  });

  it('knows where a row stands, and where one would that it does not let through', () => {
    const store = new JournalStore();
    store.add(decisions(0, 2 * CHUNK_ROWS));
    const selection = new Selection(store, { verdict: 'DENY' });
    while (!selection.refresh(0)) continue;
    for (let index = 0; index < selection.length; index += 97)
      expect(selection.indexOf(selection.seqAt(index) ?? -1)).toBe(index);
    expect(selection.has(5)).toBe(true);
    expect(selection.has(6)).toBe(false);
    expect(selection.indexOf(6)).toBe(selection.indexOf(5));
  });

  it('is brought up to date in short steps, the newest first, and again where something came', () => {
    const store = new JournalStore();
    store.add(decisions(0, 3 * CHUNK_ROWS));
    const selection = new Selection(store, {});
    let time = 0;
    const now = (): number => (time += 10);
    expect([selection.refresh(5, now), selection.length]).toEqual([false, CHUNK_ROWS]);
    expect(selection.seqAt(0)).toBe(3 * CHUNK_ROWS - 1);
    expect(selection.refresh(5, now)).toBe(false);
    expect([selection.refresh(5, now), selection.length]).toEqual([true, 3 * CHUNK_ROWS]);
    store.add([decision(3 * CHUNK_ROWS)]);
    expect(selection.refresh(1000)).toBe(true);
    expect(selection.seqAt(0)).toBe(3 * CHUNK_ROWS);
  });
});
