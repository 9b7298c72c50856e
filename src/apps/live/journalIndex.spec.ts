import fc from 'fast-check';
import type { AuditHead } from '../../contracts/avro/auditFormat';
import { JournalIndex } from './journalIndex';

const RUN = 'r-1';
const headOf = (seq: number): AuditHead => ({
  run_id: RUN,
  seq,
  kind: 'DECISION',
  input: { topic: 'order-intents', partition: 0, offset: seq, timestamp: 0 },
  clock: 0,
  positions: { order_intents: 0, market_prices: 0, control_events: 0, execution_events: 0 },
  engine_version: '0.0.0-test',
});

/** A journal in which record `n` is about the intent that was decided at `origins[n]`; that of a decision is its own. */
const anyOrigins = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 120 }).map((draws) => {
  const decided: number[] = [];
  return draws.map((draw, seq) => {
    if (draw < 400 || decided.length === 0) decided.push(seq);
    else return decided[draw % decided.length] ?? 0;
    return seq;
  });
});

it('knows every record and what it is about, filled from any point to both ends in any turns', () => {
  fc.assert(
    fc.property(anyOrigins, fc.nat(120), fc.array(fc.boolean(), { maxLength: 250 }), (origins, draw, turns) => {
      const index = new JournalIndex();
      let newer = draw % (origins.length + 1);
      let older = newer - 1;
      const put = (seq: number, how: 'append' | 'prepend'): void => {
        index.place(headOf(seq), seq * 3);
        const origin = origins[seq] ?? seq;
        if (origin !== seq) index[how](RUN, origin, seq);
        if (seq % 7 === 0) index[how === 'append' ? 'appendRare' : 'prependRare'](RUN, 'CONTROL', seq);
      };
      for (const isNewer of [...turns, ...origins.map(() => true), ...origins.map(() => false)]) {
        if (isNewer && newer < origins.length) put(newer++, 'append');
        else if (!isNewer && older >= 0) put(older--, 'prepend');
      }
      const every7th = origins.map((_, seq) => seq).filter((seq) => seq % 7 === 0);
      expect(index.rareOf(RUN, 'CONTROL')).toEqual(every7th);
      origins.forEach((origin, seq) => {
        expect(index.offsetOf(RUN, seq)).toBe(seq * 3);
        if (origin !== seq) return;
        const about = origins.flatMap((one, at) => (one === seq && at !== seq ? [at] : []));
        expect(index.about(RUN, seq, 1_000)).toEqual(about);
        expect(index.about(RUN, seq, 2)).toEqual(about.slice(0, 2));
      });
    }),
  );
});

it('keeps offsets of more than four bytes, and knows nothing of what it was not told', () => {
  const index = new JournalIndex();
  index.place(headOf(0), 0xffff_fffe);
  index.place(headOf(2), 0xffff_ffff);
  index.place(headOf(200), 2 ** 50);
  expect([0, 1, 2, 200, 201].map((seq) => index.offsetOf(RUN, seq))).toEqual([
    0xffff_fffe,
    undefined,
    0xffff_ffff,
    2 ** 50,
    undefined,
  ]);
  expect([index.offsetOf('r-2', 0), index.about('r-2', 0, 5), index.rareOf('r-2', 'CONTROL')]).toEqual([undefined, [], []]);
});
