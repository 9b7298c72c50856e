/** docs/api.md is what the docblocks say, and nothing is exported without one. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, temporaryFolder } from '../support/program';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const api = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'scripts', 'api.mjs'), ...args], { encoding: 'utf8' });

it('docs/api.md is up to date', () => {
  expect(api('--check')).toMatchObject({ status: 0, stderr: '' });
});

it('an export without a docblock is an error, and an edited page too', () => {
  const root = folder.path();
  mkdirSync(join(root, 'src'));
  mkdirSync(join(root, 'docs'));
  cpSync(join(ROOT, 'src', 'contracts', 'result.ts'), join(root, 'src', 'result.ts'));
  writeFileSync(join(root, 'src', 'index.ts'), "// Answers\nexport type { Result } from './result';\n");
  expect(api('--root', root).status).toBe(0);
  expect(readFileSync(join(root, 'docs', 'api.md'), 'utf8')).toMatch(/## Answers\n\n### Result\n\nThe answer of everything/);
  expect(api('--root', root, '--check').status).toBe(0);
  writeFileSync(join(root, 'docs', 'api.md'), 'edited');
  expect(api('--root', root, '--check').stderr).toMatch(/docs\/api.md is not what the docblocks say/);
  writeFileSync(join(root, 'src', 'index.ts'), "export { failed } from './result';\n");
  expect(api('--root', root).stderr).toMatch(/exported without a docblock: failed \(src\/result.ts\)/);
});
