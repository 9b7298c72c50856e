import { Option } from 'commander';
import type { Command } from 'commander';
import { describeError } from '../../../contracts/contractError';
import { readDocument } from '../../../contracts/documents/readDocument';
import type { JsonDocumentKind } from '../../../contracts/documents/readDocument';
import { canonicalJson, jsonString } from '../../../contracts/json/write';
import { readPolicy } from '../../../contracts/policyDocument';
import { Failure, lineOf } from '../../failure';
import { isBlank, linesOf, readBytes } from '../../files';
import type { Io } from '../io';

const DOCUMENT_KIND: Readonly<Record<string, JsonDocumentKind>> = {
  intent: 'order_intent',
  portfolio: 'portfolio_state',
  market: 'market_snapshot',
  execution: 'execution_state',
};
const KINDS = ['policy', ...Object.keys(DOCUMENT_KIND)];

/** Of a batch's lines, which may hold documents that are refused for their size. */
const LONGEST_BATCH_LINE = 1 << 26;

interface ValidateOptions {
  readonly kind?: string;
  readonly batch?: string;
}

/** `policygate validate`: exit 0 if every document is valid, 2 otherwise. */
export const validateCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  parent
    .command('validate')
    .description('Check documents as strictly as the gate does.')
    .argument('[files...]', 'files of one kind')
    .addOption(new Option('--kind <kind>', 'what the files are').choices(KINDS))
    .option('--batch <file>', 'check every line of this NDJSON file instead: {id, kind, text | text_base64}')
    .addHelpText(
      'after',
      `
Exit codes: 0 all valid, 2 otherwise; with --batch 0, and each answer in {id, rejected, error?}.

Examples:
  policygate validate --kind policy policies/*.yaml
  policygate validate --kind intent intent.json
  policygate validate --batch documents.ndjson`,
    )
    .action(async (files: readonly string[], { kind, batch }: ValidateOptions) => {
      if (batch !== undefined) return validateBatch(batch, io);
      if (kind === undefined) throw new Failure(`--kind is missing; expected one of ${KINDS.join(', ')}`);
      if (files.length === 0) throw new Failure('no file was named; expected one or more');
      let valid = true;
      for (const file of files) valid = (await validateFile(kind, file, io)) && valid;
      if (!valid) exit(2);
    });
};

/** Why a document is refused, one line each; and what is legal and still worth saying. */
const check = (
  kind: string,
  bytes: Uint8Array | string,
  source?: string,
): { readonly errors: readonly string[]; readonly warnings: readonly string[] } => {
  if (kind === 'policy') {
    const read = readPolicy(bytes, source ?? 'policy');
    return read.ok ? { errors: [], warnings: read.value.warnings } : { errors: read.error.map(describeError), warnings: [] };
  }
  const documentKind = Object.hasOwn(DOCUMENT_KIND, kind) ? DOCUMENT_KIND[kind] : undefined;
  if (documentKind === undefined) return { errors: [`kind: expected one of ${KINDS.join(', ')}`], warnings: [] };
  const read = readDocument(documentKind, bytes, source);
  return { errors: read.ok ? [] : [describeError(read.error)], warnings: [] };
};

const validateFile = async (kind: string, file: string, io: Io): Promise<boolean> => {
  let errors: readonly string[];
  let warnings: readonly string[] = [];
  try {
    ({ errors, warnings } = check(kind, await readBytes(file), file));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    errors = [lineOf(error)];
  }
  for (const warning of warnings) io.err(`Warning: ${warning}\n`);
  for (const error of errors) io.err(`Error: ${error}\n`);
  if (errors.length === 0) io.out(`${file}: valid ${kind}\n`);
  return errors.length === 0;
};

const validateBatch = async (file: string, io: Io): Promise<void> => {
  for await (const { number, bytes } of linesOf(file, LONGEST_BATCH_LINE)) {
    if (!isBlank(bytes)) io.out(`${validateLine(bytes, number, io)}\n`);
  }
};

const validateLine = (bytes: Buffer, number: number, io: Io): string => {
  let line: Record<string, unknown>;
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    if (parsed === null || typeof parsed !== 'object') throw new SyntaxError('expected an object');
    line = parsed as Record<string, unknown>;
  } catch (error) {
    return rejection(null, `line ${number}: ${lineOf(error)}`);
  }
  const { id, kind, text, text_base64: base64 } = line;
  const name = typeof id === 'string' || typeof id === 'number' ? id : null;
  if (typeof kind !== 'string') return rejection(name, `kind: expected one of ${KINDS.join(', ')}`);
  if (typeof text !== 'string' && typeof base64 !== 'string')
    return rejection(name, 'text: required field is missing (or text_base64)');
  const document = typeof text === 'string' ? text : Buffer.from(String(base64), 'base64');
  const { errors, warnings } = check(kind, document);
  for (const warning of warnings) io.err(`Warning: line ${number}: ${warning}\n`);
  return errors.length === 0 ? `{"id":${idText(name)},"rejected":false}` : rejection(name, errors.join('; '));
};

const rejection = (id: string | number | null, error: string): string =>
  `{"error":${jsonString(error)},"id":${idText(id)},"rejected":true}`;
const idText = (id: string | number | null): string => canonicalJson(id);
