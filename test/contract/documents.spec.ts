/** What the program writes is what docs/contracts says: audit events, decisions, execution events and summaries against the checked-in JSON Schemas. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { policygate, readLines, ROOT, temporaryFolder } from '../support/program';
import type { Json } from '../support/program';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const faultsOf = (name: string, documents: readonly unknown[]): readonly string[] => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'docs', 'contracts', `${name}.schema.json`), 'utf8')) as Json;
  const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  return documents.flatMap((document) => (validate(document) ? [] : [JSON.stringify(validate.errors)]));
};

describe.each(['normal_day', 'throttle_burst', 'drawdown_crash', 'demo'])('%s', (scenario) => {
  let audit: Json[];
  let executions: Json[];
  let summary: Json;

  beforeAll(async () => {
    const file = (name: string): string => join('scenarios', scenario, name);
    const [auditLog, execLog] = [folder.path(scenario, 'audit.jsonl'), folder.path(scenario, 'executions.jsonl')];
    const documents = ['--policy', file('policy.yaml'), '--portfolio', file('portfolio.json'), '--market', file('market.json')];
    const { code, stdout } = await policygate([
      'run',
      ...documents,
      '--intents',
      file('intents.jsonl'),
      '--audit-log',
      auditLog,
      '--exec-log',
      execLog,
    ]);
    expect(code).toBe(0);
    summary = JSON.parse(stdout) as Json;
    audit = readLines(auditLog);
    executions = readLines(execLog);
  });

  it('writes audit events as the schema says', () => {
    expect(audit.length).toBeGreaterThan(5);
    expect(faultsOf('audit_event', audit)).toEqual([]);
  });
  it('writes decisions as the schema says', () =>
    expect(
      faultsOf(
        'decision',
        audit.map(({ decision }) => decision),
      ),
    ).toEqual([]));
  it('writes execution events as the schema says', () => expect(faultsOf('execution_event', executions)).toEqual([]));
  it('writes a summary as the schema says', () => expect(faultsOf('run_summary', [summary])).toEqual([]));
});

it('would notice', () => {
  expect(faultsOf('decision', [{ decision: 'MAYBE' }])).not.toEqual([]);
});
