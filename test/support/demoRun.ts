/** The demo scenario through `run`, with its logs; and those logs as they would be had each step been recorded at a time that a test can name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './commands';
import { parseLines, ROOT } from './program';
import type { Json } from './program';

export interface DemoLogs {
  readonly dataDir: string;
  readonly audit: string;
  readonly exec: string;
}

/** `path` names files of a folder that the caller removes. Another run goes into the same files. */
export const runDemo = async (path: (name: string) => string, runId = 'r-demo'): Promise<DemoLogs> => {
  const logs = { dataDir: path('data'), audit: path('audit.jsonl'), exec: path('exec.jsonl') };
  const input = (name: string): string => join(ROOT, 'scenarios', 'demo', name);
  const { code, stderr } = await command(
    ...['run', '--policy', input('policy.yaml'), '--intents', input('intents.jsonl'), '--portfolio', input('portfolio.json')],
    ...['--market', input('market.json'), '--run-id', runId, '--data-dir', logs.dataDir],
    ...['--audit-log', logs.audit, '--exec-log', logs.exec],
  );
  if (code !== 0) throw new Error(`run ended with ${code}: ${stderr}`);
  return logs;
};

/**
 * Copies of the two logs in which every intent is decided 5 ms after its timestamp, sent after 8 ms and filled after 20 ms, and the first evaluation
 * took 0.1 ms, the second 0.2 ms, and so on.
 */
export const timedLogs = (logs: DemoLogs, path: (name: string) => string): Pick<DemoLogs, 'audit' | 'exec'> => {
  const written = new Map<unknown, number>();
  const audit = linesOf(logs.audit).map((line, index) => {
    const { intent_id, timestamp } = line.intent as Json;
    const at = Date.parse(String(timestamp));
    written.set(intent_id, at);
    return { ...line, recorded_at: new Date(at + 5).toISOString(), eval_ms: (index + 1) / 10 };
  });
  const exec = linesOf(logs.exec).map((line) => {
    const after = line.event === 'ORDER_SUBMITTED' ? 8 : 20;
    return { ...line, ts: new Date((written.get(line.intent_id) ?? 0) + after).toISOString() };
  });
  return { audit: write(path('timed-audit.jsonl'), audit), exec: write(path('timed-exec.jsonl'), exec) };
};

const linesOf = (file: string): readonly Json[] => parseLines(readFileSync(file, 'utf8'));

const write = (file: string, lines: readonly Json[]): string => {
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
};
