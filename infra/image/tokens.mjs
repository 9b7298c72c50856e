/**
 * Makes the tokens of a first start, so that no secret stands in a compose file: `desk-token`, for people (it may do everything), and
 * `producer-token`, which may submit intents. The server gets their SHA-256 in `tokens.yaml`. What is there already is left as it is.
 *
 *   node tokens.mjs FOLDER      exit 0, or 2 with one line
 *
 * To change them, remove the folder's files and start again. Nothing of a token is printed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WHO = [
  { name: 'desk', roles: ['submit', 'operate'] },
  { name: 'producer', roles: ['submit'] },
];

/** Whole or not at all, and for the owner's eyes only. */
const write = (file, text) => {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

const folder = process.argv[2];
try {
  if (folder === undefined) throw new Error('expected the folder that the tokens are for, such as /secrets');
  const list = join(folder, 'tokens.yaml');
  if (existsSync(list)) {
    console.log(`${list} is there already`);
  } else {
    const entries = WHO.map(({ name, roles }) => {
      const token = randomBytes(32).toString('hex');
      write(join(folder, `${name}-token`), `${token}\n`);
      const sha256 = createHash('sha256').update(token).digest('hex');
      return `  - name: ${name}\n    sha256: "${sha256}"\n    roles: [${roles.join(', ')}]\n`;
    });
    // The last: where it is, the others are.
    write(list, `tokens:\n${entries.join('')}`);
    console.log(`made ${list}, and a token each in ${WHO.map(({ name }) => `${name}-token`).join(' and ')}`);
  }
} catch (error) {
  console.error(`tokens.mjs: ${error.message}`);
  process.exitCode = 2;
}
