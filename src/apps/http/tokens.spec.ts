import { createHash } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from '../../../test/support/program';
import { Failure } from '../failure';
import { requireTokensFor, Tokens } from './tokens';

const folder = temporaryFolder();
afterAll(folder.remove);
const FILE = folder.path('tokens.yaml');
const SECRET = 'a-secret-of-enough-length';
const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

const opened = async (text: string): Promise<Tokens> => {
  writeFileSync(FILE, text);
  chmodSync(FILE, 0o600);
  const tokens = await Tokens.open({ file: FILE });
  if (tokens === undefined) throw new Error('none were opened');
  return tokens;
};
/** The one line that says why; never with a token in it. */
const refusal = async (text: string): Promise<string> => {
  const error: unknown = await opened(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error('it was taken');
  expect(error.message).not.toContain(SECRET);
  expect(error.message).not.toContain('\n');
  return error.message.replace(FILE, 'FILE');
};
const entry = (fields: string): string => `tokens:\n  - { ${fields} }\n`;

describe('a file of tokens', () => {
  it('says who comes with which: as text or by its SHA-256', async () => {
    const tokens = await opened(`
tokens:
  - name: momentum
    token: "${SECRET}"
    roles: [submit]
    strategies: [momentum_v1, __proto__]
  - name: desk
    sha256: ${sha256('another-secret-of-length').toUpperCase()}
    roles: [operate]
`);
    const momentum = tokens.callerOf(SECRET);
    expect(momentum).toEqual({ name: 'momentum', roles: new Set(['submit']), strategies: new Set(['momentum_v1', '__proto__']) });
    const desk = tokens.callerOf('another-secret-of-length');
    expect(desk).toEqual({ name: 'desk', roles: new Set(['operate', 'read']), strategies: undefined });
    for (const wrong of ['', SECRET.slice(1), `${SECRET}x`, sha256(SECRET), 'momentum', 'x'.repeat(100_000)])
      expect(tokens.callerOf(wrong)).toBeUndefined();
    expect(JSON.stringify(tokens)).not.toContain(SECRET);
  });

  it('may hold two of a name, the old one and the new one', async () => {
    const line = (token: string): string => `  - { name: desk, token: ${token}, roles: [read] }`;
    const tokens = await opened(['tokens:', line('old-old-old-old-old'), line('new-new-new-new-new')].join('\n'));
    expect(tokens.callerOf('old-old-old-old-old')).toEqual(tokens.callerOf('new-new-new-new-new'));
    const three = ['tokens:', line('old-old-old-old-old'), line('new-new-new-new-new'), line('newer-newer-newer')].join('\n');
    expect(await refusal(three)).toBe('FILE: tokens: more than 2 are called desk; expected the old one and the new one at most');
  });

  it.each([
    [entry(`name: a, token: ${SECRET}`), 'FILE:2:5: tokens[0].roles: required field is missing'],
    [entry(`name: a, token: short, roles: [read]`), 'FILE:2:16: tokens[0].token: expected a token of 16 to 512 letters'],
    [entry(`name: a, token: "${SECRET} x", roles: [read]`), 'FILE:2:16: tokens[0].token: expected a token of 16'],
    [entry(`name: a, sha256: ${SECRET}, roles: [read]`), 'FILE:2:16: tokens[0].sha256: expected 64 hexadecimal digits'],
    [entry(`name: a, token: ${SECRET}, roles: [admin]`), 'tokens[0].roles[0]: expected one of submit, read, operate'],
    [entry(`name: a, token: ${SECRET}, roles: []`), 'FILE: tokens[0]: roles: expected at least one of submit, read, operate'],
    [entry(`name: a, token: ${SECRET}, roles: [read], strategies: []`), 'FILE: tokens[0]: strategies: expected at least one'],
    [entry(`name: a, roles: [read]`), 'FILE: tokens[0]: expected either `token` or `sha256`'],
    [
      entry(`name: a, token: ${SECRET}, sha256: ${sha256(SECRET)}, roles: [read]`),
      'FILE: tokens[0]: expected either `token` or `sha256`',
    ],
    [entry(`name: "${SECRET} ", token: ${SECRET}, roles: [read]`), 'FILE:2:7: tokens[0].name: expected a name of 1 to 64'],
    [entry(`name: a, ${SECRET}: 1, roles: [read]`), 'a key that is none of tokens, name, token, sha256, roles, strategies'],
    [entry(`name: a, tokn: ${SECRET}, roles: [read]`), 'a key that is none of tokens'],
    [`tokens: ${SECRET}\n`, 'FILE:1:1: tokens: expected a list of tokens'],
    [`- ${SECRET}\n`, 'FILE:1:1: (the file): expected an object'],
    [`${SECRET}\n`, '(the file): expected an object'],
    ['tokens: []\n', 'FILE: tokens: expected at least one'],
    ['', 'FILE'],
    [`tokens: [${SECRET}\n`, 'expected YAML as docs/http.md shows it for tokens'],
    [`tokens: &x [${SECRET}]\n`, 'FILE'],
    [`tokens:\n  - name: a\n    name: ${SECRET}\n`, 'FILE'],
    [
      `tokens:\n  - { name: a, token: ${SECRET}, roles: [read] }\n  - { name: b, token: ${SECRET}, roles: [operate] }\n`,
      'FILE: tokens: one of those called b stands there twice; expected each token once',
    ],
  ])('is refused in one line that shows no token: %#', async (text, expected) => {
    expect(await refusal(text)).toContain(expected);
  });

  it('that others may read is taken, with a warning', async () => {
    await opened(entry(`name: a, token: ${SECRET}, roles: [read]`));
    chmodSync(FILE, 0o640);
    const tokens = await Tokens.open({ file: FILE });
    expect(tokens?.warnings).toEqual([`${FILE}: others on this machine may read it; chmod 600 it`]);
  });

  it('that does not exist is a Failure', async () => {
    await expect(Tokens.open({ file: folder.path('none.yaml') })).rejects.toThrow(Failure);
  });

  it('is read again when asked; one that is wrong then changes nothing', async () => {
    const tokens = await opened(entry(`name: a, token: ${SECRET}, roles: [read]`));
    const before = tokens.callerOf(SECRET);
    if (before === undefined) throw new Error('not known');
    writeFileSync(FILE, 'tokens: nothing');
    await expect(tokens.reload()).rejects.toThrow(Failure);
    expect(tokens.knows(before)).toBe(true);
    writeFileSync(FILE, entry(`name: a, token: ${SECRET}, roles: [read], strategies: [s]`));
    await tokens.reload();
    expect(tokens.knows(before)).toBe(false);
    expect(tokens.callerOf(SECRET)).toEqual({ ...before, strategies: new Set(['s']) });
  });

  it('with another token in its place ends the old one, whoever it belonged to', async () => {
    const tokens = await opened(entry(`name: a, token: ${SECRET}, roles: [read]`));
    const before = tokens.callerOf(SECRET);
    if (before === undefined) throw new Error('not known');
    await tokens.reload();
    expect(tokens.knows(before)).toBe(true);
    writeFileSync(FILE, entry(`name: a, token: ${SECRET}-2, roles: [read]`));
    await tokens.reload();
    expect([tokens.knows(before), tokens.callerOf(SECRET)]).toEqual([false, undefined]);
  });
});

describe('a token of the environment', () => {
  const token = { text: SECRET, setting: 'POLICYGATE_TOKEN' };

  it('may do everything, beside those of the file', async () => {
    await opened(entry('name: a, token: a-token-of-the-file, roles: [read]'));
    const tokens = await Tokens.open({ file: FILE, token });
    expect(tokens?.callerOf(SECRET)).toEqual({
      name: 'environment',
      roles: new Set(['submit', 'read', 'operate', 'feed']),
      strategies: undefined,
    });
    expect(tokens?.callerOf('a-token-of-the-file')?.name).toBe('a');
  });

  it('is refused where it is too short, or in the file as well', async () => {
    await expect(Tokens.open({ token: { ...token, text: 'short' } })).rejects.toThrow(
      /^POLICYGATE_TOKEN: expected a token of 16 to 512 letters/,
    );
    await opened(entry(`name: a, token: ${SECRET}, roles: [read]`));
    await expect(Tokens.open({ file: FILE, token })).rejects.toThrow(/^POLICYGATE_TOKEN: this token stands in the file/);
  });
});

it('none are needed on the loopback interface, and beyond it some are', async () => {
  expect(await Tokens.open({})).toBeUndefined();
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) requireTokensFor(host, undefined);
  for (const host of ['0.0.0.0', '::', '192.168.1.7', 'gate.example', '127.evil.example', ''])
    expect(() => requireTokensFor(host, undefined)).toThrow(Failure);
  requireTokensFor('0.0.0.0', await Tokens.open({ token: { text: SECRET, setting: 'x' } }));
});
