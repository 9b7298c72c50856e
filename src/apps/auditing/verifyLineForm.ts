/** Whether a line of an audit log has the form of one, before anything of it is read. */
import { LONGEST_AUDIT_LINE } from '../../audit/jsonl/auditLineReader';
import type { LineFinding } from '../../audit/jsonl/auditLineReader';
import { isBlank } from '../files';
import type { FileLine } from '../files';

/** `isTorn`: it is the file's last, without a line feed. */
export const formFault = (
  { bytes, raw }: Pick<FileLine, 'bytes' | 'raw'>,
  isTorn: boolean,
  longest: number = LONGEST_AUDIT_LINE,
): LineFinding | undefined => {
  if (raw - 1 > longest)
    return { kind: 'FORM', expected: `a line of at most ${longest} bytes`, found: `one of ${raw - 1}: too long` };
  if (isBlank(bytes)) return { kind: 'FORM', expected: WRITTEN, found: 'a blank line' };
  if (raw !== bytes.length + 1) return { kind: 'FORM', expected: WRITTEN, found: 'a carriage return at the end of the line' };
  if (isTorn && bytes.at(-1) !== CLOSING_BRACE)
    return { kind: 'UNREADABLE', expected: 'a line of JSON', found: `${bytes.length} bytes of a torn line, without its end` };
  return undefined;
};

const WRITTEN = 'lines as a run writes them';
const CLOSING_BRACE = '}'.charCodeAt(0);
