import type { Row } from '../api/documents';
import { CHUNK_ROWS } from './chunk';
import { JournalStore } from './journalStore';

const at = (seq: number, fields: Partial<Row>): Row => ({ seq, kind: 'DECISION', clock_ms: 90_000, ...fields });

describe('the rows that a page holds', () => {
  it('are counted by minute and verdict, each once', () => {
    const store = new JournalStore();
    const rows = [at(0, { decision: 'ALLOW' }), at(1, { decision: 'DENY' }), at(2, { decision: 'DENY', clock_ms: 120_000 })];
    expect([store.add(rows), store.add(rows)]).toEqual([3, 0]);
    expect([...store.minutes]).toEqual([
      [1, { ALLOW: 1, MODIFY: 0, DENY: 1 }],
      [2, { ALLOW: 0, MODIFY: 0, DENY: 1 }],
    ]);
    expect(store.lastClock).toBe(120_000);
  });

  it('know the newest state of an order, whichever event came first', () => {
    const store = new JournalStore();
    store.add([at(5, { kind: 'EXECUTION', intent_id: 'a', event: 'ORDER_FILLED' })]);
    store.add([at(4, { kind: 'EXECUTION', intent_id: 'a', event: 'ORDER_SUBMITTED' })]);
    expect(store.order('a')?.status).toBe('FILLED');
  });

  it('are let go by whole chunks from the oldest on, and not taken again', () => {
    const store = new JournalStore(2 * CHUNK_ROWS);
    const rows = Array.from({ length: 3 * CHUNK_ROWS }, (_, seq) => at(seq, { intent_id: `i-${seq}` }));
    store.add(rows);
    expect(store.floor).toBe(CHUNK_ROWS);
    expect(store.row(CHUNK_ROWS - 1)).toBeUndefined();
    expect(store.row(CHUNK_ROWS)?.intentId).toBe(`i-${CHUNK_ROWS}`);
    expect(store.size).toBe(2 * CHUNK_ROWS);
    expect(store.add(rows.slice(0, 10))).toBe(0);
  });
});
