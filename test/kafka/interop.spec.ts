/** Clients in another language, with libraries that are not ours: what they write is decided, what they read is what we wrote, to the last digit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { AUDIT_RECORDS, CONTROL_EVENTS, DECISIONS, ORDER_INTENTS, partitionOf } from '../../src/contracts/topics';
import { Gate } from '../interop/gate';
import { asPythonPrints, describePython, python, PYTHON_EXAMPLE } from '../interop/python';
import { describeKafka } from '../support/kafka/kafkaUnderTest';
import type { Json } from '../support/program';
import { policyText } from '../support/shard';

const SHARDS = 7;
const RUN = 'run Zürich 😀';

/** As a strategy's own JSON has it: numbers by their text. */
const intentLine = (id: string, qty: string, more = ''): string =>
  `{"intent_id":"${id}","timestamp":"2026-02-24T09:30:01Z","strategy_id":"momentum_v1","account_id":"acct_1",` +
  `"instrument":{"symbol":"AAPL","asset_class":"equity"},"side":"buy","order_type":"market","qty":${qty},"limit_price":null${more}}`;

const INTENTS = [
  intentLine('whole', '10'),
  intentLine('float', '3.3333333333333335'),
  intentLine('long', '0.000000000000000001'),
  intentLine('most', '99999999999999999999.999999999999999999'),
  intentLine('cut', '60'),
  intentLine('😀 ünï', '1e-3'),
];

describeKafka('foreign clients', () => {
  describePython('in Python', () => {
    let gate: Gate;
    /** What the strategy was answered. */
    let seen: readonly Json[];
    beforeAll(async () => {
      gate = await Gate.open({ shards: SHARDS, kafka: { inputTimestamps: 'LogAppendTime' } });
      await gate.start();
      await gate.startRun(RUN, { AAPL: '199.99' }, policyText({ tripAfter: 1_000 }));
      seen = await strategy(INTENTS);
    }, 60_000);
    afterAll(() => gate.stop());

    const strategy = async (lines: readonly string[], run = RUN): Promise<Json[]> => {
      const { code, lines: printed, stderr } = await python('strategy.py', ['--run', run], gate.environment, lines.join('\n'));
      expect([code, stderr]).toEqual([0, '']);
      return printed.map((line) => JSON.parse(line) as Json);
    };
    const decided = async () =>
      (await gate.records(DECISIONS)).map(({ value }) => {
        const decision = gate.codec.decodeValue(DECISIONS, value);
        if (!decision.ok) throw new Error(decision.error.message);
        return decision.value;
      });

    it('publish intents and read the same decisions as we do, to the last digit', async () => {
      expect(seen.map(({ decision }) => decision)).toEqual(['ALLOW', 'ALLOW', 'ALLOW', 'DENY', 'MODIFY', 'DENY']);
      expect(seen).toEqual((await decided()).map((decision) => asPythonPrints(decision)));
      // What the strategy wrote came through whole.
      expect(seen.slice(0, 3).map(({ order }) => (order as Json).qty)).toEqual([
        '10',
        '3.3333333333333335',
        '0.000000000000000001',
      ]);
    }, 60_000);

    it('get the same decisions again for the same intents, and no second ones', async () => {
      const before = await decided();
      expect(await strategy(INTENTS)).toEqual(seen);
      expect(await decided()).toHaveLength(before.length);
    }, 60_000);

    it('get the first decision where they send another body under the same id', async () => {
      const before = await decided();
      const [first] = await strategy([intentLine('whole', '11')]);
      expect(first).toEqual(seen[0]);
      expect(await decided()).toHaveLength(before.length);
    }, 60_000);

    it('read every audit record as we do, and find the chain whole by their own arithmetic', async () => {
      const { code, lines, stderr } = await python('verify_chain.py', ['--records'], gate.environment);
      expect([code, stderr]).toEqual([0, '']);
      const ours = (await gate.records(AUDIT_RECORDS)).map(({ value }) => {
        const audit = gate.codec.decodeAudit(value);
        if (!audit.ok) throw new Error(audit.error.message);
        return audit.value;
      });
      const printed = lines.map((line) => JSON.parse(line) as Json);
      // A control event's payload is a union: Python has no name for its branch.
      const plain = (record: Json): Json => ({ ...record, control: record.control === null ? null : 'an event' });
      expect(printed.slice(0, -1).map(plain)).toEqual(
        ours.map(({ record, hash }) => plain(asPythonPrints({ ...record, hash }) as Json)),
      );
      expect(printed.at(-1)).toEqual({
        run_id: RUN,
        records: ours.length,
        last_hash: Buffer.from(ours.at(-1)?.hash ?? []).toString('hex'),
      });
      expect(ours.length).toBeGreaterThan(INTENTS.length);
    }, 60_000);

    it('find the one byte of a chain that was altered', async () => {
      const other = await Gate.open();
      try {
        const records = await gate.records(AUDIT_RECORDS);
        const copies = records.map(({ topic, key, value, timestamp }) => {
          return { topic, partition: 0, key, value: Buffer.from(value ?? []), timestamp };
        });
        const place = 3;
        const altered = copies[place]?.value ?? Buffer.alloc(0);
        altered.write('2', altered.indexOf('momentum_v1') + 'momentum_v'.length);
        await other.publish(copies);
        const { code, stderr } = await python('verify_chain.py', [], other.environment);
        expect(code).toBe(1);
        expect(stderr).toContain(`audit-records/0@${place}: run ${RUN}, seq ${place} was altered`);
      } finally {
        await other.stop();
      }
    }, 60_000);

    it('refuse what the schema does not hold before it is on the log: a misspelt field, a digit too many', async () => {
      const before = await gate.bus.endOffset(ORDER_INTENTS, partitionOf(Buffer.from(RUN), SHARDS));
      for (const line of [intentLine('typo', '1', ',"limit_prize":5'), intentLine('digits', '0.0000000000000000001')]) {
        const { code, lines } = await python('strategy.py', ['--run', RUN], gate.environment, line);
        expect([code, lines]).toEqual([1, []]);
      }
      expect(await gate.bus.endOffset(ORDER_INTENTS, partitionOf(Buffer.from(RUN), SHARDS))).toBe(before);
    }, 60_000);

    it('partition by murmur2 as we do, whatever the key', async () => {
      const keys = [
        ...fc.sample(fc.uint8Array({ minLength: 1, maxLength: 40 }), { numRuns: 400, seed: 7 }),
        ...fc.sample(fc.string({ unit: 'grapheme', minLength: 1 }), { numRuns: 200, seed: 7 }).map((text) => Buffer.from(text)),
        Buffer.from(RUN),
        Buffer.alloc(0),
      ];
      const topic = gate.nameOf(CONTROL_EVENTS);
      const lines = keys.map((key) => JSON.stringify({ topic, key: Buffer.from(key).toString('base64'), value: '' }));
      const { code, lines: places, stderr } = await python('send_raw.py', [], gate.environment, lines.join('\n'));
      expect([code, stderr]).toEqual([0, '']);
      const theirs = places.map((line) => (JSON.parse(line) as { partition: number }).partition);
      expect(theirs).toEqual(keys.map((key) => partitionOf(key, SHARDS)));
      expect(new Set(theirs).size).toBe(SHARDS);
    }, 60_000);
  });

  it('are described by a page that shows the scripts as they are', () => {
    const page = readFileSync(join(__dirname, '../../docs/clients.md'), 'utf8');
    const shown = [...page.matchAll(/<!-- (\w+\.py) -->\n```python\n([\s\S]*?)```/g)];
    expect(shown.length).toBeGreaterThan(0);
    for (const [, script = '', code = ''] of shown) expect(readFileSync(join(PYTHON_EXAMPLE, script), 'utf8')).toContain(code);
    const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target);
    expect(links.filter((link) => !existsSync(join(__dirname, '../../docs', link)))).toEqual([]);
  });
});
