/** The samples, through the built program: `eval --batch`, `run` and `validate --batch` answer what they expect. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseLines, policygate, readLines, temporaryFolder } from '../support/program';
import { differences, positionDifferences } from './compare';
import type { Value } from './compare';
import { invalidSamples, streamSamples, vectorSamples } from './samples';

type Fields = Readonly<Record<string, Value>>;

/** All but the warnings of policies that say `defaults.decision: allow`. */
const errorsOf = (stderr: string): readonly string[] =>
  stderr.split('\n').filter((line) => line !== '' && !(line.startsWith('Warning: ') && line.includes('`allow` changes no verdict')));

const folder = temporaryFolder();
afterAll(folder.remove);

const batch = async (command: string, cases: readonly object[]): Promise<ReadonlyMap<Value, Fields>> => {
  const file = folder.path(`${command}.ndjson`);
  writeFileSync(file, `${cases.map((line) => JSON.stringify(line)).join('\n')}\n`);
  const { code, stdout, stderr } = await policygate([command, '--batch', file]);
  expect({ code, stderr: errorsOf(stderr) }).toEqual({ code: 0, stderr: [] });
  const answers = parseLines(stdout) as Fields[];
  expect(answers).toHaveLength(cases.length);
  return new Map(answers.map((answer) => [answer.id as Value, answer]));
};

describe('single evaluations', () => {
  const samples = vectorSamples();
  let answers: ReadonlyMap<Value, Fields>;
  beforeAll(async () => {
    answers = await batch('eval', samples);
  }, 30_000);

  it.each(samples.map((sample) => [sample.id, sample] as const))('%s', (id, { expected }) => {
    expect(decisionDifferences(expected as unknown as Fields, answers.get(id)?.decision as Fields, '')).toEqual([]);
  });
});

/** As `differences`; a net limit that is not checked may be 0 or null. */
const decisionDifferences = (expected: Fields, got: Fields, path: string): readonly string[] => {
  const normal = (decision: Fields): Fields => ({
    ...decision,
    evidence: (decision.evidence as readonly Fields[]).map((row) =>
      row.metric === 'net_exposure_x' ? { ...row, limit: row.limit ?? 0 } : row,
    ),
  });
  return differences(normal(expected), normal(got), `${path}decision`);
};

describe('streams', () => {
  it.each(streamSamples().map((sample) => [sample.id, sample] as const))(
    '%s',
    async (id, sample) => {
      const write = (name: string, text: string): string => {
        mkdirSync(folder.path(id), { recursive: true });
        writeFileSync(folder.path(id, name), text);
        return folder.path(id, name);
      };
      const [auditLog, execLog] = [folder.path(id, 'audit.jsonl'), folder.path(id, 'exec.jsonl')];
      const { code, stdout, stderr } = await policygate([
        'run',
        ...['--policy', write('policy.yaml', sample.policy_yaml)],
        ...['--intents', write('intents.jsonl', sample.intents.map((intent) => `${JSON.stringify(intent)}\n`).join(''))],
        ...['--portfolio', write('portfolio.json', JSON.stringify(sample.portfolio))],
        ...['--market', write('market.json', JSON.stringify(sample.market))],
        ...(sample.execution === null ? [] : ['--execution', write('execution.json', JSON.stringify(sample.execution))]),
        ...['--audit-log', auditLog, '--exec-log', execLog],
      ]);
      expect({ code, stderr: errorsOf(stderr) }).toEqual({ code: 0, stderr: [] });
      const [summary] = parseLines(stdout) as [Fields];
      const audit = readLines(auditLog) as Fields[];
      const executions = readLines(execLog) as Fields[];
      const expected = sample.expected as unknown as ExpectedStream;

      expect(audit).toHaveLength(expected.audit_count);
      expect(
        audit.flatMap(({ decision }, index) => decisionDifferences(expected.decisions[index]!, decision as Fields, `${index}.`)),
      ).toEqual([]);
      expect(differences(expected.exec_events, executions, 'exec_events')).toEqual([]);
      for (const line of [...audit, ...executions]) {
        expect(line).toMatchObject({ policy_hash: expected.policy_hash, run_id: summary.run_id });
      }

      const { final_positions, final_equity, ...counts } = expected.summary;
      expect(summary).toMatchObject(counts);
      expect(summary.rule_histogram).toEqual(counts.rule_histogram);
      expect(summary.kill_switch_active).toBe(expected.kill_switch_active);
      expect(differences(final_equity as Value, summary.final_equity, 'final_equity')).toEqual([]);
      const held = summary.final_positions as Fields;
      expect(positionDifferences(final_positions as Fields, held, 'final_positions')).toEqual([]);
      expect(positionDifferences(expected.final_positions, held, 'final_positions')).toEqual([]);

      const before = audit.map(({ portfolio_state, execution_state }) => {
        const { kill_switch_active, violations_last_window } = execution_state as Fields;
        return { positions: (portfolio_state as Fields).positions as Fields, kill_switch_active, violations_last_window };
      });
      const exact = ({ kill_switch_active, violations_last_window }: (typeof before)[number]): object => ({
        kill_switch_active,
        violations_last_window,
      });
      expect(before.map(exact)).toEqual(expected.pre_states.map(exact));
      expect(
        before.flatMap(({ positions }, index) =>
          positionDifferences(expected.pre_states[index]!.positions, positions, `pre_states[${index}]`),
        ),
      ).toEqual([]);
      // The switch is off before the intent that trips it, and on before the next one.
      const on = [...before.map((state) => state.kill_switch_active), summary.kill_switch_active].indexOf(true);
      expect(on <= 0 ? null : on - 1).toBe(expected.kill_switch_tripped_at);
    },
    30_000,
  );
});

interface ExpectedStream {
  readonly decisions: readonly Fields[];
  readonly exec_events: readonly Fields[];
  readonly final_positions: Fields;
  readonly kill_switch_active: boolean;
  readonly kill_switch_tripped_at: number | null;
  readonly audit_count: number;
  readonly pre_states: readonly {
    readonly positions: Fields;
    readonly kill_switch_active: Value;
    readonly violations_last_window: Value;
  }[];
  readonly policy_hash: string;
  readonly summary: Fields;
}

describe('documents that must be refused', () => {
  const samples = invalidSamples();
  let answers: ReadonlyMap<Value, Fields>;
  beforeAll(async () => {
    answers = await batch('validate', samples);
  }, 30_000);

  it.each(samples.map((sample) => [sample.id, sample.reason] as const))('%s: %s', (id) => {
    expect(answers.get(id)).toMatchObject({ rejected: true, error: expect.stringMatching(/\S/) });
  });

  it('and those that are fine are not', async () => {
    const [vector] = vectorSamples();
    const documents = [
      { id: 'policy', kind: 'policy', text: vector!.policy_yaml },
      { id: 'policy-base64', kind: 'policy', text_base64: Buffer.from(vector!.policy_yaml).toString('base64') },
      { id: 'intent', kind: 'intent', text: JSON.stringify(vector!.intent) },
      { id: 'portfolio', kind: 'portfolio', text: JSON.stringify(vector!.portfolio) },
      { id: 'market', kind: 'market', text: JSON.stringify(vector!.market) },
      { id: 'execution', kind: 'execution', text: '{}' },
    ];
    for (const answer of (await batch('validate', documents)).values())
      expect(answer).toEqual({ id: answer.id, rejected: false });
  }, 30_000);
});

describe('the comparison itself', () => {
  it('finds a figure, a word, a length and a missing field that differ, and takes rounding for none', () => {
    const expected = { qty: 1.5, message: 'a', list: [1], computed: { daily_return: 0.1 } };
    expect(differences(expected, { ...expected, added: 1 })).toEqual([]);
    expect(differences(expected, { ...expected, qty: 1.500000005, computed: { daily_return: 0.1 + 1e-12 } })).toEqual([]);
    expect(differences(expected, { ...expected, qty: 1.6 })).toHaveLength(1);
    expect(differences(expected, { ...expected, message: 'b' })).toHaveLength(1);
    expect(differences(expected, { ...expected, list: [1, 2] })).toHaveLength(1);
    expect(differences(expected, { qty: 1.5, message: 'a', list: [1] })).toHaveLength(1);
    expect(differences({ modified_intent: null }, { modified_intent: { qty: 1 } })).toHaveLength(1);
    expect(positionDifferences({ AAPL: 1 }, { AAPL: 1, TSLA: 0 }, 'positions')).toHaveLength(1);
    expect(
      differences({ decision: { evidence: [{ value: 0.1 }] } }, { decision: { evidence: [{ value: 0.100002 }] } }),
    ).toHaveLength(1);
    expect(differences({ decision: { evidence: [{ value: 0.1 }] } }, { decision: { evidence: [{ value: 0.100001 }] } })).toEqual(
      [],
    );
  });
});
