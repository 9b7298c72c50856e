import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestLog, until } from '../../../test/support/services';
import { policyText } from '../../../test/support/shard';
import { hexOf } from '../../contracts/json/hex';
import { policyHash } from '../../contracts/policyDocument';
import { Failure } from '../failure';
import { PolicyWatch } from './policyWatch';

const folder = mkdtempSync(join(tmpdir(), 'policygate-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'policy.yaml');

const TEXT = policyText();
const OTHER = `${TEXT}# edited\n`;
const THIRD = `${TEXT}# edited again\n`;
const INVALID = 'version: "0.1"\nlimits: 5\n';

/** What is in force changes as it would by an activation. */
const watching = (activate: (text: string) => Promise<void> = () => Promise.resolve()) => {
  const log = new TestLog();
  const activated: string[] = [];
  let inForce: Uint8Array | undefined = policyHash(TEXT);
  const watch = new PolicyWatch({
    file,
    log,
    active: () => inForce,
    activate: async (text, hash) => {
      await activate(text);
      activated.push(text);
      inForce = policyHash(text);
      expect(hash).toBe(hexOf(inForce));
    },
    times: { settle: 30, poll: 60 },
  });
  watches.push(watch);
  watch.start();
  return { watch, log, activated, put: (text: string) => (inForce = policyHash(text)) };
};
const watches: PolicyWatch[] = [];
beforeEach(() => writeFileSync(file, TEXT));
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()));
});

/** Several looks. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 300));

it('activates nothing where the file is what is in force', async () => {
  const { activated } = watching();
  await aWhile();
  expect(activated).toEqual([]);
});

it('does not wait for the writer of a pipe, and goes on with the file that takes its place', async () => {
  unlinkSync(file);
  execFileSync('mkfifo', [file]);
  const { activated, log, watch } = watching();
  await until('said', () => log.lines.some((line) => JSON.stringify(line).includes('is no file')));
  unlinkSync(file);
  writeFileSync(file, OTHER);
  await until('activated', () => activated.length > 0);
  await watch.stop();
});

it('shows that the file is gone, until it is there again', async () => {
  const { watch, activated } = watching();
  expect(watch.refused).toBeUndefined();
  unlinkSync(file);
  await until('shown', () => watch.refused !== undefined);
  expect(watch.refused).toMatchObject({ policyHash: undefined, errors: [expect.stringContaining('no such file')] });
  writeFileSync(file, TEXT);
  await until('followed again', () => watch.refused === undefined);
  expect(activated).toEqual([]);
});

it('activates the file at the start, where it is another policy: it wins', async () => {
  writeFileSync(file, OTHER);
  const { activated } = watching();
  await until('activated', () => activated.length > 0);
  await aWhile();
  expect(activated).toEqual([OTHER]);
});

it.each([
  ['written in place', (text: string) => writeFileSync(file, text)],
  [
    'renamed over the old one',
    (text: string) => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    },
  ],
  [
    'deleted and written anew',
    (text: string) => {
      unlinkSync(file);
      writeFileSync(file, text);
    },
  ],
])('activates an edit once: %s', async (_, edit) => {
  const { activated } = watching();
  await aWhile();
  edit(OTHER);
  await until('activated', () => activated.length > 0);
  edit(OTHER);
  await aWhile();
  edit(THIRD);
  await until('activated again', () => activated.length > 1);
  await aWhile();
  expect(activated).toEqual([OTHER, THIRD]);
});

it('waits until a file that is written in pieces is whole', async () => {
  const { activated, watch } = watching();
  for (let end = 0; end < OTHER.length; end += Math.ceil(OTHER.length / 20)) {
    writeFileSync(file, OTHER.slice(0, end));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  writeFileSync(file, OTHER);
  await until('activated', () => activated.length > 0);
  expect([activated, watch.refused]).toEqual([[OTHER], undefined]);
});

it('refuses an invalid edit, says so once, shows it until a valid one, and keeps what is in force', async () => {
  const { activated, watch, log } = watching();
  await aWhile();
  writeFileSync(file, INVALID);
  await until('refused', () => watch.refused !== undefined);
  await aWhile();
  expect(watch.refused).toEqual({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    policyHash: hexOf(policyHash(INVALID)),
    errors: [expect.stringContaining('policy.yaml')],
  });
  expect(activated).toEqual([]);
  expect(log.messages('warn')).toEqual([
    expect.stringMatching(/^the edited policy is refused, the one in force stays: .*policy\.yaml/),
  ]);
  writeFileSync(file, OTHER);
  await until('activated', () => activated.length > 0);
  expect([activated, watch.refused]).toEqual([[OTHER], undefined]);
});

it('does not take back what somebody else put in force while the file stays as it is', async () => {
  const { activated, put } = watching();
  await aWhile();
  put(THIRD);
  await aWhile();
  expect(activated).toEqual([]);
});

it('shows what the run refuses as a refused edit, and does not try it again', async () => {
  let tries = 0;
  const { watch } = watching(() => Promise.reject(new Failure(`run r-1: refused ${++tries}`)));
  await aWhile();
  writeFileSync(file, OTHER);
  await until('refused', () => watch.refused !== undefined);
  await aWhile();
  expect([tries, watch.refused?.errors]).toEqual([1, ['run r-1: refused 1']]);
});

it('tries again what may work later, and says once why it did not', async () => {
  let tries = 0;
  const { activated, log } = watching(() => (++tries < 3 ? Promise.reject(new Error('the bus fails')) : Promise.resolve()));
  await aWhile();
  writeFileSync(file, OTHER);
  await until('activated', () => activated.length > 0);
  expect(log.messages('warn')).toEqual(['the policy file cannot be put in force now']);
});

it('goes on when the file is away for a while', async () => {
  const { activated, log } = watching();
  await aWhile();
  unlinkSync(file);
  await aWhile();
  writeFileSync(file, OTHER);
  await until('activated', () => activated.length > 0);
  expect([activated, log.messages('warn')]).toEqual([[OTHER], ['the policy file cannot be put in force now']]);
});
