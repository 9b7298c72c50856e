import fc from 'fast-check';
import { anyAudit, anyCheckpoint, anyControl, anyDecision, anyEntity, anyExecution, anyIntent, anyPrice } from './arbitraries';
import { Codec } from './codec';
import { exampleControl, exampleHash, exampleIntent } from './examples';
import type { ValueTopic } from './formats';
import { freshSchemas } from './localRegistry';

const codec = new Codec(freshSchemas());

/** A small generator with a seed: fast-check is too slow for a hundred thousand of these. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const MUTATIONS: readonly ((bytes: Buffer, random: (below: number) => number) => Buffer)[] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[random(copy.length)] = random(256);
    return copy;
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
    return copy;
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256), random(256)]), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = 5 + random(Math.max(1, bytes.length - 5));
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(4))]);
  },
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy.fill(0xff, 5 + random(Math.max(1, copy.length - 5)));
    return copy;
  },
];

const sample = <T>(arbitrary: fc.Arbitrary<T>): readonly T[] => fc.sample(arbitrary, { numRuns: 20, seed: 7 });
const PAYLOADS: readonly (readonly [ValueTopic, readonly Buffer[]])[] = [
  ['order-intents', sample(anyIntent).map((value) => codec.encodeValue('order-intents', value))],
  ['market-prices', sample(anyPrice).map((value) => codec.encodeValue('market-prices', value))],
  ['control-events', sample(anyControl).map((value) => codec.encodeValue('control-events', value))],
  ['execution-events', sample(anyExecution).map((value) => codec.encodeValue('execution-events', value))],
  ['decisions', sample(anyDecision).map((value) => codec.encodeValue('decisions', value))],
  ['audit-records', sample(anyAudit).map((record) => codec.encodeValue('audit-records', { record, hash: exampleHash }))],
  ['policy-state', sample(anyEntity).map((value) => codec.encodeValue('policy-state', value))],
  ['audit-checkpoints', sample(anyCheckpoint).map((value) => codec.encodeValue('audit-checkpoints', value))],
];

describe.each(PAYLOADS)('mutated %s', (topic, payloads) => {
  it('are refused, or read as the one value that has these bytes', () => {
    const random = randomFrom(42);
    let refused = 0;
    for (let i = 0; i < 15_000; i++) {
      const payload = payloads[i % payloads.length]!;
      const mutated = MUTATIONS[random(MUTATIONS.length)]!(payload, random);
      const decoded = codec.decodeValue(topic, mutated);
      if (!decoded.ok) refused++;
      else if (Buffer.compare(codec.encodeValue(topic, decoded.value), mutated) !== 0)
        throw new Error(`${mutated.toString('hex')} reads as another value`);
    }
    expect(refused).toBeGreaterThan(3_000);
  });
});

describe('bombs', () => {
  const header = (topic: ValueTopic): Buffer => {
    const bytes = { 'control-events': codec.encodeValue('control-events', exampleControl), decisions: Buffer.of(0, 0, 0, 0, 5) };
    return bytes[topic as 'decisions'].subarray(0, 5);
  };
  const millisecondsOf = (job: () => unknown): number => {
    const start = process.hrtime.bigint();
    job();
    return Number(process.hrtime.bigint() - start) / 1e6;
  };

  it('refuses nine bytes that promise 30 million violations', () => {
    // DENY, no intent id, no order, then a block of 30 million.
    const bomb = Buffer.concat([header('decisions'), Buffer.from('020000808ece1c', 'hex')]);
    const decoded = codec.decodeValue('decisions', bomb);
    expect(decoded).toMatchObject({ ok: false, error: { reason: 'OUT_OF_BOUNDS' } });
  });

  it('refuses a text that promises more bytes than there are', () => {
    const bomb = Buffer.concat([Buffer.of(0, 0, 0, 0, 1), Buffer.from('feffffff0f', 'hex')]);
    expect(codec.decodeValue('order-intents', bomb)).toMatchObject({ ok: false, error: { reason: 'TRUNCATED' } });
  });

  it('reads the most positions that a run may start with, and no more', () => {
    const positions = (count: number): ReadonlyMap<string, never> =>
      new Map(Array.from({ length: count }, (_, i) => [`S${i}`, (10n ** 20n) as never]));
    const started = (count: number): Buffer =>
      codec.encodeValue('control-events', {
        ...exampleControl,
        payload: {
          type: 'PortfolioUpdated',
          equity: 1n as never,
          start_of_day_equity: 1n as never,
          peak_equity: 1n as never,
          positions: positions(count),
        },
      });
    const most = started(10_240);
    expect(codec.decodeValue('control-events', most).ok).toBe(true);
    expect(() => started(10_241)).toThrow(RangeError);
    const count = most.indexOf(Buffer.from('80a001', 'hex'));
    const more = Buffer.concat([most.subarray(0, count), Buffer.from('82a001', 'hex'), most.subarray(count + 3)]);
    expect(codec.decodeValue('control-events', more)).toMatchObject({ ok: false, error: { reason: 'OUT_OF_BOUNDS' } });
    // The budget is 10 ms; this only tells a bounded cost from an unbounded one.
    expect(millisecondsOf(() => codec.decodeValue('control-events', most))).toBeLessThan(500);
  });

  it('writes the key of the longest intent id', () => {
    const intent = { ...exampleIntent, intent_id: '\uffee'.repeat(256) };
    expect(codec.decodeValue('order-intents', codec.encodeValue('order-intents', intent)).ok).toBe(true);
    const key = { run_id: '\uffee'.repeat(256), intent_id: intent.intent_id };
    expect(codec.decodeKey('decisions', codec.encodeKey('decisions', key))).toMatchObject({ ok: true, value: key });
  });

  it('puts on record the largest intent that it accepts', () => {
    const id = '\uffee'.repeat(256);
    const largest = {
      ...exampleIntent,
      intent_id: id,
      strategy_id: id,
      account_id: id,
      instrument: { symbol: id, asset_class: 'fx' as const },
    };
    const bytes = codec.encodeValue('order-intents', largest);
    expect(codec.decodeValue('order-intents', bytes).ok).toBe(true);
    const violation = {
      rule_id: 'EXEC-002' as const,
      severity: 'HIGH' as const,
      message: id,
      inputs: [{ name: 'strategy_id', value: id }],
      computed: [],
    };
    const decision = {
      decision: 'DENY' as const,
      intent_id: id,
      order: largest,
      violations: Array.from({ length: 10 }, () => violation),
      evidence: [],
      kill_switch_triggered: false,
      run_id: 'r',
      seq: 0,
      clock: 0,
      reference_price: null,
      policy_hash: null,
      kill_switch_tripped: true,
      control_position: 0,
    };
    expect(codec.decodeValue('decisions', codec.encodeValue('decisions', decision)).ok).toBe(true);
  });
});
