/** The steps of an audit or execution JSONL. */
import type { AuditStep } from '../../audit/steps/auditStep';
import { LONGEST_AUDIT_LINE } from '../../audit/jsonl/auditLineReader';
import { readAuditLine } from '../../audit/steps/readAuditLine';
import { EXECUTION_LINE_BYTES, readExecutionLine } from '../../audit/steps/readExecutionLine';
import { describeError } from '../../contracts/contractError';
import { Failure } from '../failure';
import { isBlank, linesOf } from '../files';

const KINDS = {
  audit: {
    bytes: LONGEST_AUDIT_LINE,
    read: readAuditLine,
    expected: 'an audit log, as `run --audit-log` writes it',
  },
  exec: {
    bytes: EXECUTION_LINE_BYTES,
    read: (line: Uint8Array) => {
      const read = readExecutionLine(line);
      return read.ok ? { ...read, value: [read.value] } : read;
    },
    expected: 'an execution log, as `run --exec-log` writes it',
  },
} as const;

/** `read` is told how many bytes more have been read. */
export async function* stepsOfFile(
  kind: keyof typeof KINDS,
  file: string,
  read: (bytes: number) => void,
): AsyncGenerator<AuditStep> {
  const { bytes: longest, read: readLine, expected } = KINDS[kind];
  for await (const { number, bytes } of linesOf(file, longest, (chunk) => read(chunk.length))) {
    if (isBlank(bytes)) continue;
    const steps = readLine(bytes);
    if (!steps.ok) {
      const { column, path, message } = steps.error;
      const place = `${file}:${number}${column === undefined ? '' : `:${column}`}`;
      throw new Failure(`${place}: ${describeError({ path, message })}; expected ${expected}`);
    }
    yield* steps.value;
  }
}
