/** What `verifyAuditLog` is asked, checked before a file is opened, and the words of the command line as those of the library. */
import { Failure } from '../apps/failure';
import { quoted } from '../contracts/contractError';
import { isObject, nameOf } from './options';

/** By option: what it must be. */
const OPTIONS: Readonly<Record<string, readonly [what: string, is: (value: unknown) => boolean]>> = {
  audit: ['a list of paths', isPaths],
  policies: ['a list of paths', isPaths],
  checkpoints: ['a list of paths', isPaths],
  run: ['a run id', isText],
  publicKey: ['a path', isText],
  onlyRun: ['true or false', (value) => typeof value === 'boolean'],
};

/** Throws a Failure of one line where this names no log. */
export const checkLogToVerify = (log: unknown): void => {
  if (!isObject(log)) throw new Failure(`verifyAuditLog: expected { audit: ["audit.jsonl"] }, found ${nameOf(log)}`);
  for (const [name, value] of Object.entries(log)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option === undefined)
      throw new Failure(`verifyAuditLog: unknown option ${quoted(name)}; expected one of ${Object.keys(OPTIONS).join(', ')}`);
    const [what, is] = option;
    if (value !== undefined && !is(value)) throw new Failure(`${name}: expected ${what}, found ${nameOf(value)}`);
  }
  const { audit, checkpoints, publicKey, onlyRun } = log;
  if (!Array.isArray(audit) || audit.length === 0)
    throw new Failure('audit: expected the path of one export, or of one file or more; found none');
  if ((checkpoints === undefined) !== (publicKey === undefined))
    throw new Failure('checkpoints and publicKey: give both, or neither: a signature is held against the key that made it');
  if (onlyRun === true && checkpoints === undefined)
    throw new Failure('onlyRun says what a checkpoint covers: give checkpoints, or leave it out');
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isPaths(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['--audit', 'audit'],
  ['--policy', 'policies'],
  ['--run', 'run'],
  ['--checkpoint', 'checkpoints'],
  ['--public-key', 'publicKey'],
  ['--only-run', 'onlyRun'],
]);

/** A message of `policygate verify`, with the options of the library in place of its flags. */
export const inOptionWords = (message: string): string =>
  message.replace(/(?<![^\s(])--[a-z-]+(?![\w/.])/g, (flag) => FLAGS.get(flag) ?? flag);
