import type { Command } from 'commander';
import { describeError } from '../../../contracts/contractError';
import { readDocumentValue } from '../../../contracts/documents/readDocument';
import type { JsonDocumentKind, JsonDocuments } from '../../../contracts/documents/readDocument';
import { decisionText, plain } from '../../../contracts/documents/writeDocument';
import { readJson } from '../../../contracts/json/readJson';
import { isJsonObject, JsonNumber } from '../../../contracts/json/value';
import type { JsonObject } from '../../../contracts/json/value';
import { jsonString, prettyJson } from '../../../contracts/json/write';
import { policyHash, readPolicy } from '../../../contracts/policyDocument';
import { evaluateDocuments } from '../../evaluation';
import type { Evaluation } from '../../evaluation';
import { Failure, lineOf } from '../../failure';
import { errorsInOneLine, isBlank, linesOf, NO_EXECUTION, readDocumentFile, readPolicyFile } from '../../files';
import { LogFile } from '../../logFile';
import type { Io } from '../io';

interface EvalOptions {
  readonly policy?: string;
  readonly intent?: string;
  readonly portfolio?: string;
  readonly market?: string;
  readonly execution?: string;
  readonly auditLog?: string;
  readonly pretty?: boolean;
  readonly batch?: string;
}

/** Of a batch's lines: each holds a policy and up to four documents. */
const LONGEST_BATCH_LINE = 1 << 20; // as the help says

/** `policygate eval`, and `policygate-eval`. Answers with the exit code: 0 ALLOW or MODIFY, 1 DENY. */
export const evalCommand = (parent: Command, io: Io, exit: (code: number) => void): void => {
  parent
    .command('eval')
    .description('Judge one order intent against a policy, and print the Decision.')
    .option('--policy <file>', 'capital policy (YAML)')
    .option('--intent <file>', 'order intent (JSON)')
    .option('--portfolio <file>', 'portfolio state (JSON)')
    .option('--market <file>', 'market snapshot (JSON)')
    .option('--execution <file>', 'execution state (JSON); without it: no orders, no violations, kill switch off')
    .option('--audit-log <file>', 'append the AuditEvent of the decision to this file (JSONL)')
    .option('--pretty', 'indent the output')
    .option(
      '--batch <file>',
      'judge every line of this NDJSON file instead: {id, policy_yaml, portfolio, market, execution?, intent}',
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 ALLOW or MODIFY, 1 DENY, 2 could not be judged (one line on stderr says why).

Examples:
  policygate eval --policy policies/base.yaml --intent intent.json --portfolio portfolio.json --market market.json --pretty
  policygate eval --batch cases.ndjson > decisions.ndjson     # one {id, decision} or {id, error} a line; exit 0\n\nA line of a batch may have 1 MiB.`,
    )
    .action(async (options: EvalOptions) => {
      if (options.batch !== undefined) return evaluateBatch(options.batch, io);
      exit(await evaluateFiles(options, io));
    });
};

const evaluateFiles = async (options: EvalOptions, io: Io): Promise<number> => {
  const policy = await readPolicyFile(required(options, 'policy'));
  const intent = await readDocumentFile('order_intent', required(options, 'intent'));
  const portfolio = await readDocumentFile('portfolio_state', required(options, 'portfolio'));
  const market = await readDocumentFile('market_snapshot', required(options, 'market'));
  const execution = options.execution === undefined ? NO_EXECUTION : await readDocumentFile('execution_state', options.execution);
  for (const warning of policy.warnings) io.err(`Warning: ${warning}\n`);

  const evaluated = evaluateDocuments({ policy, intent, portfolio, market, execution });
  if (!evaluated.ok) throw new Failure(`${options.intent ?? ''}: ${describeError(evaluated.error)}`);
  // On record before it is told: an answer that nobody can prove is worth nothing.
  if (options.auditLog !== undefined) await append(options.auditLog, evaluated.value);
  const { decision, measured } = evaluated.value;
  const text = decisionText(decision, measured.evalMs);
  io.out(`${options.pretty === true ? prettyJson(plain(text)) : text}\n`);
  return decision.decision === 'DENY' ? 1 : 0;
};

const required = (options: EvalOptions, name: 'policy' | 'intent' | 'portfolio' | 'market'): string => {
  const file = options[name];
  if (file === undefined)
    throw new Failure(`--${name} is missing; eval needs --policy, --intent, --portfolio and --market, or --batch`);
  return file;
};

const append = async (file: string, { auditLine }: Evaluation): Promise<void> => {
  const log = await LogFile.open(file, false, () => false);
  try {
    log.add(auditLine());
    log.commit();
    log.flush();
  } finally {
    log.close();
  }
};

/** Each line alone: one that is bad answers with its error, and spoils no other. */
const evaluateBatch = async (file: string, io: Io): Promise<void> => {
  for await (const { number, bytes } of linesOf(file, LONGEST_BATCH_LINE)) {
    if (!isBlank(bytes)) io.out(`${evaluateLine(bytes, number, io)}\n`);
  }
};

const evaluateLine = (bytes: Buffer, number: number, io: Io): string => {
  const json = readJson(bytes, LONGEST_BATCH_LINE);
  if (!json.ok) return `{"error":${jsonString(`line ${number}: ${describeError(json.error)}`)},"id":null}`;
  if (!isJsonObject(json.value)) return `{"error":${jsonString(`line ${number}: expected an object`)},"id":null}`;
  const { id } = json.value;
  const name = typeof id === 'string' ? jsonString(id) : id instanceof JsonNumber ? id.text : 'null';
  try {
    const { decision, measured } = evaluateCase(json.value, (warning) => io.err(`Warning: line ${number}: ${warning}\n`));
    return `{"decision":${decisionText(decision, measured.evalMs)},"id":${name}}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `{"error":${jsonString(lineOf(error))},"id":${name}}`;
  }
};

const evaluateCase = (line: JsonObject, warn: (warning: string) => void): Evaluation => {
  const { policy_yaml: text, intent, portfolio, market, execution } = line;
  if (typeof text !== 'string') throw new Failure('policy_yaml: expected the text of a policy');
  const policy = readPolicy(text, 'policy_yaml');
  if (!policy.ok) throw new Failure(errorsInOneLine(policy.error));
  policy.value.warnings.forEach(warn);
  const documentOf = <K extends JsonDocumentKind>(
    kind: K,
    name: string,
    value: JsonObject[string] | undefined,
  ): JsonDocuments[K] => {
    if (value === undefined) throw new Failure(`${name}: required field is missing`);
    const read = readDocumentValue(kind, value);
    if (!read.ok)
      throw new Failure(describeError({ ...read.error, path: [name, read.error.path].filter((part) => part !== '').join('.') }));
    return read.value;
  };
  const evaluated = evaluateDocuments({
    policy: { policy: policy.value.policy, hash: policyHash(text) },
    intent: documentOf('order_intent', 'intent', intent),
    portfolio: documentOf('portfolio_state', 'portfolio', portfolio),
    market: documentOf('market_snapshot', 'market', market),
    execution:
      execution === undefined || execution === null ? NO_EXECUTION : documentOf('execution_state', 'execution', execution),
  });
  if (!evaluated.ok) throw new Failure(`intent.${describeError(evaluated.error)}`);
  return evaluated.value;
};
