import { createPrivateKey } from 'node:crypto';
import fc from 'fast-check';
import { readPublicKey, readSigningKey, publicPem, SigningKey } from './checkpointKeys';
import { signedHead, verifiedHead } from './checkpointNote';
import { noteText, readNote } from './signedNote';

/** The example of golang.org/x/mod/sumdb/note, which the format comes from. */
const PETER = {
  verifierKey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  signingKey: 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};
const note = `${PETER.text}\n${PETER.signature}`;

const publicKeyOf = (text: string) => {
  const read = readPublicKey(text);
  if (!read.ok) throw new Error(read.error);
  return read.value;
};

describe('signed notes', () => {
  it("reads and verifies the note of Go's package, and signs it to the same bytes", () => {
    const key = publicKeyOf(PETER.verifierKey);
    const read = readNote(note);
    if (!read.ok) throw new Error(read.error);
    const [signature] = read.value.signatures;
    expect(read.value.text).toBe(PETER.text);
    expect(key.owns(signature!)).toBe(true);
    expect(key.verifies(read.value.text, signature!)).toBe(true);
    expect(key.verifies(`${read.value.text} `, signature!)).toBe(false);
    expect(key.verifierKey('PeterNeumann')).toBe(PETER.verifierKey);

    // A seed in DER. Source: RFC 8410, section 7.
    const seed = Buffer.from(PETER.signingKey, 'base64').subarray(1);
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const signer = new SigningKey('PeterNeumann', createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    expect(noteText({ text: PETER.text, signatures: [signer.sign(PETER.text)] })).toBe(note);
  });

  it.each([
    ['', 'without a blank line'],
    [PETER.text, 'without a blank line'],
    [`${PETER.text}\n`, 'without a signature line'],
    [note.slice(0, -1), 'without a signature line'],
    [`${note}\r`, 'control characters'],
    [`${PETER.text}\n- PeterNeumann x08g\n`, 'expected "— <name of the key> <base64>"'],
    [`${PETER.text}\n— PeterNeumann x08go*==\n`, 'expected "— <name of the key> <base64>"'],
    [`${PETER.text}\n— PeterNeumann x08gow==\n`, 'expected "— <name of the key> <base64>"'],
    [`${PETER.text}\n— Peter+Neumann x08go/ZJkuBS\n`, 'expected "— <name of the key> <base64>"'],
    ['x'.repeat(70_000), 'characters; expected at most'],
  ])('refuses %j', (text, why) => expect(readNote(text)).toEqual({ ok: false, error: expect.stringContaining(why) }));
});

const key = SigningKey.generate('risk.example/gate');
const head = { shard: 3, size: 1_043, root: Buffer.alloc(32, 7), auditOffset: 1_100, madeAt: 1_771_925_401_250 };

describe('checkpoints', () => {
  it('say what was signed, to whoever has the public key, in any form', () => {
    const signed = signedHead(head, key);
    expect(signed.split('\n').slice(0, 6)).toEqual([
      'risk.example/gate/3',
      '1043',
      'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=',
      'audit-offset 1100',
      'made-at 2026-02-24T09:30:01.25Z',
      '',
    ]);
    for (const text of [publicPem(key), key.publicKey.pem(), key.publicKey.verifierKey(key.name)])
      expect(verifiedHead(signed, publicKeyOf(text))).toEqual({ ok: true, value: { ...head, name: 'risk.example/gate' } });
  });

  it('pass over the signatures of others, and are nothing without their own', () => {
    const signed = signedHead(head, key);
    const other = SigningKey.generate('witness.example');
    const [text = '', line = ''] = signed.split('\n\n');
    const [witness = ''] = noteText({ text: '', signatures: [other.sign(`${text}\n`)] })
      .split('\n')
      .slice(1);
    expect(verifiedHead(`${text}\n\n${witness}\n${line}`, key.publicKey)).toMatchObject({ ok: true });
    expect(verifiedHead(`${text}\n\n${witness}\n`, key.publicKey)).toEqual({
      ok: false,
      error: expect.stringMatching(
        /^signed by witness\.example \(key [0-9a-f]{8}\); expected a signature by risk\.example\/gate/,
      ),
    });
    expect(verifiedHead(signedHead(head, SigningKey.generate(key.name)), key.publicKey)).toMatchObject({ ok: false });
    // A key that signs for the log of another.
    const foreign = noteText({ text: `${text}\n`, signatures: [other.sign(`${text}\n`)] });
    expect(verifiedHead(foreign, other.publicKey)).toEqual({
      ok: false,
      error: expect.stringContaining('a key signs for the log of its name'),
    });
  });

  it('may say where the last decision is, which cannot be behind the end', () => {
    const lastDecision = { size: 1_040, root: Buffer.alloc(32, 9) };
    const signed = signedHead({ ...head, lastDecision }, key);
    expect(signed.split('\n')[4]).toBe('last-decision 1040 CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=');
    expect(verifiedHead(signed, key.publicKey)).toEqual({ ok: true, value: { ...head, lastDecision, name: key.name } });
    const beyond = signedHead({ ...head, lastDecision: { ...lastDecision, size: 1_044 } }, key);
    expect(verifiedHead(beyond, key.publicKey).ok).toBe(false);
  });

  it('are refused after any change of a character', () => {
    const signed = signedHead({ ...head, lastDecision: { size: 7, root: Buffer.alloc(32, 9) } }, key);
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.constantFrom('0', '1', 'A', 'b', '/', ' ', '\n', '='), (at, character) => {
        fc.pre(signed[at] !== character);
        expect(verifiedHead(signed.slice(0, at) + character + signed.slice(at + 1), key.publicKey).ok).toBe(false);
        expect(verifiedHead(signed.slice(0, at) + signed.slice(at + 1), key.publicKey).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'risk.example/gate/3\n01043\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\naudit-offset 1100\nmade-at 2026-02-24T09:30:01.25Z\n',
    'risk.example/gate/3\n1043\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwd=\naudit-offset 1100\nmade-at 2026-02-24T09:30:01.25Z\n',
    'risk.example/gate/3\n1043\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\naudit-offset 1100\nmade-at 2026-02-24T09:30:01.250Z\n',
    'risk.example/gate/3\n1043\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n',
    'risk.example/gate/x\n1043\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\naudit-offset 1100\nmade-at 2026-02-24T09:30:01.25Z\n',
    'risk.example/gate/3\n9999999999999999\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\naudit-offset 1100\nmade-at 2026-02-24T09:30:01.25Z\n',
  ])('have one form, whoever signed another: %j', (text) =>
    expect(verifiedHead(noteText({ text, signatures: [key.sign(text)] }), key.publicKey)).toEqual({
      ok: false,
      error: expect.stringContaining('a signed text that is no checkpoint'),
    }),
  );
});

describe('keys', () => {
  it('come back from their files', () => {
    const read = readSigningKey(key.pem());
    if (!read.ok) throw new Error(read.error);
    expect(read.value.name).toBe(key.name);
    expect(read.value.sign('a')).toEqual(key.sign('a'));
    expect(key.pem()).toMatch(/^Name: risk\.example\/gate\n-----BEGIN PRIVATE KEY-----\n/);
  });

  const secret = key.pem().split('\n')[2]!;
  it.each([
    ['nothing', ''],
    ['a key without a name', key.pem().replace(/^Name: .*\n/, '')],
    ['a name with a space', key.pem().replace(/^Name: .*/, 'Name: a b')],
    ['a public key', publicPem(key)],
    ['a key that was cut', key.pem().slice(0, -60)],
    [
      'another kind of key',
      'Name: a\n-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n',
    ],
  ])('refuses %s as a private key, and shows none of it', (_, text) => {
    const read = readSigningKey(text);
    expect(read).toEqual({ ok: false, error: expect.stringMatching(/^expected /) });
    if (!read.ok) expect(read.error).not.toContain(secret);
  });

  const line = key.publicKey.verifierKey(key.name);
  it.each([
    ['nothing', '', 'expected a public key'],
    ['a private key', key.pem(), 'found a private one'],
    ['a line with a changed name', line.replace('risk', 'desk'), 'does not match its hash'],
    ['a line with a changed key', line.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'does not match its hash'],
    ['PEM of something else', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'expected an Ed25519 public key'],
  ])('refuses %s as a public key', (_, text, why) =>
    expect(readPublicKey(text)).toEqual({ ok: false, error: expect.stringContaining(why) }),
  );
});
