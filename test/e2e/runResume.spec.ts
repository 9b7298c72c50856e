/**
 * `policygate run --data-dir`, killed with SIGKILL and started again with the same arguments, comes to what an uninterrupted run comes to:
 * the same chain and summary, the same log files line for line (but for the wall clock's figures), nothing lost, doubled or different.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { GATEWAY_FAULT_POINTS } from '../../src/gateway/gateway';
import { PROCESSOR_FAULT_POINTS } from '../../src/processor/processor';
import { parseLines, policygate, readLines, temporaryFolder, without } from '../support/program';
import type { Json, Outcome } from '../support/program';
import { randomFrom, writeTradingDay } from '../support/tradingDay';

const folder = temporaryFolder();
let inputs: readonly string[] = [];
let uninterrupted: Results;
/** Of an uninterrupted run, from start to end. */
let durationMs = 0;

interface Results {
  readonly stdout: string;
  readonly summaryFile: string;
  readonly audit: readonly Json[];
  readonly executions: readonly Json[];
}

/** One run in a directory of its own, which may be started many times. */
class Job {
  readonly auditLog: string;
  readonly execLog: string;
  private readonly summary: string;

  constructor(private readonly name: string) {
    mkdirSync(folder.path(name), { recursive: true });
    this.auditLog = folder.path(name, 'audit.jsonl');
    this.execLog = folder.path(name, 'exec.jsonl');
    this.summary = folder.path(name, 'summary.json');
  }

  /** `fault`: where it ends itself, as `point@times`. `killAfterMs`: when it is killed from outside. */
  start({ fault, killAfterMs }: { readonly fault?: string; readonly killAfterMs?: number } = {}): Promise<Outcome> {
    const logs = ['--audit-log', this.auditLog, '--exec-log', this.execLog, '--out-summary', this.summary];
    return policygate(
      ['run', ...inputs, '--data-dir', folder.path(this.name, 'data'), ...logs],
      fault === undefined ? {} : { POLICYGATE_FAULT_POINT: fault },
      (child) => {
        if (killAfterMs === undefined) return;
        const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
        child.on('exit', () => clearTimeout(timer));
      },
    );
  }

  async finish(): Promise<Results> {
    const { code, stdout, stderr } = await this.start();
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^(Warning: \d+ intents had the id of another one[^\n]*\n)?$/),
    });
    return this.results(stdout);
  }

  results(stdout: string): Results {
    return {
      stdout,
      summaryFile: readFileSync(this.summary, 'utf8'),
      audit: readLines(this.auditLog),
      executions: readLines(this.execLog),
    };
  }
}

/** Without what the wall clock says: the rest is a function of the inputs. */
const timeless = ({ stdout, summaryFile, audit, executions }: Results): Results => ({
  stdout,
  summaryFile,
  audit: audit.map((line) => ({
    ...without(line, 'recorded_at', 'eval_ms', 'line_sha256'),
    decision: without(line.decision as Json, 'eval_ms'),
  })),
  executions: executions.map((line) => without(line, 'ts')),
});

const expectSameAsUninterrupted = (results: Results): void => {
  expect(results.audit.map(({ seq, hash }) => ({ seq, hash }))).toEqual(
    uninterrupted.audit.map(({ seq, hash }) => ({ seq, hash })),
  );
  expect(timeless(results)).toEqual(timeless(uninterrupted));
};

beforeAll(async () => {
  inputs = writeTradingDay((name) => folder.path(name));
  const startedAt = Date.now();
  uninterrupted = await new Job('uninterrupted').finish();
  durationMs = Date.now() - startedAt;
}, 30_000);
afterAll(folder.remove);

it('the day meets everything that a run can meet', () => {
  const [summary] = parseLines(uninterrupted.stdout);
  const { decisions, duplicates, conflicts, orders_submitted, orders_filled, total_intents, kill_switch_active } = summary as {
    decisions: Record<string, number>;
  } & Record<string, number | boolean>;
  for (const verdict of ['ALLOW', 'MODIFY', 'DENY']) expect(decisions[verdict]).toBeGreaterThan(5);
  expect(duplicates).toBe(7);
  expect(conflicts).toBe(4);
  expect(orders_submitted).toBe(decisions.ALLOW! + decisions.MODIFY!);
  expect(orders_filled).toBeLessThan(orders_submitted as number);
  expect(kill_switch_active).toBe(true);
  expect(uninterrupted.audit).toHaveLength(total_intents as number);
  expect(uninterrupted.summaryFile).toBe(uninterrupted.stdout);
});

/** These are passed once at each start; the others at every step, so that the n-th passing is somewhere in the run. */
const AT_START: readonly string[] = ['after-fence', 'during-restore', 'after-restore'];
const POINTS = [...PROCESSOR_FAULT_POINTS, ...GATEWAY_FAULT_POINTS];

describe('killed at a named point', () => {
  it.each(POINTS)(
    '%s, and started again',
    async (point) => {
      const faults = (AT_START.includes(point) ? [1] : [1, 40]).map((times) => `${point}@${times}`);
      await Promise.all(
        faults.map(async (fault) => {
          const job = new Job(fault);
          const { signal, stdout } = await job.start({ fault });
          expect({ fault, signal, stdout }).toEqual({ fault, signal: 'SIGKILL', stdout: '' });
          expectSameAsUninterrupted(await job.finish());
        }),
      );
    },
    30_000,
  );

  it('at each point of taking over, one after the other, in the middle of the day', async () => {
    const job = new Job('takeovers');
    for (const fault of [
      'after-commit@60',
      'after-fence@1',
      'during-restore@1',
      'after-restore@1',
      'before-commit@1',
      'gateway-after-commit@1',
    ]) {
      expect(await job.start({ fault })).toMatchObject({ signal: 'SIGKILL' });
    }
    expectSameAsUninterrupted(await job.finish());
  }, 30_000);

  it('again and again, a few steps at a time, until it is done', async () => {
    const job = new Job('steps');
    let outcome = await job.start({ fault: 'after-commit@47' });
    let starts = 1;
    for (; outcome.signal === 'SIGKILL' && starts < 40; starts += 1) outcome = await job.start({ fault: 'after-commit@47' });
    expect(starts).toBeGreaterThan(3);
    expect(outcome).toMatchObject({ code: 0 });
    expectSameAsUninterrupted(job.results(outcome.stdout));
  }, 60_000);
});

const seed = Date.now() % 1_000_000;
it(`killed from outside at any moment (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  const moments = Array.from({ length: 4 }, () => [random(), random()].map((share) => durationMs * (0.2 + 0.8 * share)));
  await Promise.all(
    moments.map(async (kills, round) => {
      const job = new Job(`outside-${round}`);
      for (const killAfterMs of kills) await job.start({ killAfterMs });
      expectSameAsUninterrupted(await job.finish());
    }),
  );
}, 60_000);

describe('a run that is done', () => {
  it('started again, changes nothing and prints the same summary', async () => {
    const job = new Job('again');
    const [first, audit, executions] = [await job.finish(), readFileSync(job.auditLog), readFileSync(job.execLog)];
    const second = await job.finish();
    const third = await job.finish();
    expect([second.stdout, third.stdout]).toEqual([first.stdout, first.stdout]);
    expect(audit.equals(readFileSync(job.auditLog))).toBe(true);
    expect(executions.equals(readFileSync(job.execLog))).toBe(true);
  }, 30_000);

  it('gets back, byte for byte, the lines that its log files have lost at the end, a torn one among them', async () => {
    const job = new Job('torn');
    await job.finish();
    const files = [job.auditLog, job.execLog].map((file) => ({ file, whole: readFileSync(file) }));
    // Torn within the last line; torn within the one before; only the last line end missing; everything gone.
    const sizes: readonly ((whole: Buffer, last: number) => number)[] = [
      (_whole, last) => last + 40,
      (_whole, last) => last - 30,
      (whole) => whole.length - 1,
      () => 0,
    ];
    for (const sizeOf of sizes) {
      for (const { file, whole } of files)
        writeFileSync(file, whole.subarray(0, sizeOf(whole, whole.lastIndexOf(10, whole.length - 2) + 1)));
      await job.finish();
      for (const { file, whole } of files) expect(readFileSync(file).equals(whole)).toBe(true);
    }
  }, 30_000);

  /** `alter` gets the lines of the audit file. */
  const alterations: readonly [string, (lines: string[]) => string[]][] = [
    [
      'the hash of its last line changed',
      (lines) => [...lines.slice(0, -1), lines.at(-1)!.replace(/"hash":"....(?=[0-9a-f]{60}")/, '"hash":"0000')],
    ],
    ['a line in its middle removed', (lines) => lines.filter((_, index) => index !== 40)],
    ['a line in its middle doubled', (lines) => lines.flatMap((line, index) => (index === 40 ? [line, line] : [line]))],
    ['two lines in its middle swapped', (lines) => [...lines.slice(0, 40), lines[41]!, lines[40]!, ...lines.slice(42)]],
    [
      'a verdict in its middle changed',
      (lines) => lines.map((line, index) => (index === 40 ? line.replace(/"decision":"[A-Z]+"/, '"decision":"NONE"') : line)),
    ],
    ['a broken line in its middle', (lines) => lines.map((line, index) => (index === 40 ? line.slice(0, 100) : line))],
  ];
  describe('and whose logs were altered', () => {
    const job = new Job('altered');
    let audit = '';
    let executions = '';
    beforeAll(async () => {
      await job.finish();
      audit = readFileSync(job.auditLog, 'utf8');
      executions = readFileSync(job.execLog, 'utf8');
    }, 30_000);

    const expectRefused = async (file: string, altered: string): Promise<void> => {
      writeFileSync(file, altered);
      const outcome = await job.start();
      expect(outcome).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^Error: [^\n]*(audit|exec)\.jsonl[^\n]*\n$/),
      });
      expect(outcome.stderr).toContain(file);
      // What is there is evidence: it is left as it was found.
      expect(readFileSync(file, 'utf8')).toBe(altered);
    };

    it.each(alterations)(
      'refuses an audit file with %s',
      async (_what, alter) => {
        writeFileSync(job.execLog, executions);
        const altered = `${alter(audit.trimEnd().split('\n')).join('\n')}\n`;
        expect(altered).not.toBe(audit);
        await expectRefused(job.auditLog, altered);
      },
      30_000,
    );

    it('refuses an execution log with a line removed', async () => {
      writeFileSync(job.auditLog, audit);
      const lines = executions.trimEnd().split('\n');
      await expectRefused(job.execLog, `${lines.filter((_, index) => index !== 10).join('\n')}\n`);
    }, 30_000);
  });
});
