/** The image's recipe keeps up with the package that it packs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/program';

const recipe = readFileSync(join(ROOT, 'infra', 'Dockerfile'), 'utf8');
const { version, bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  bin: Record<string, string>;
};

it('is labelled with this version', () => expect(recipe).toContain(`ARG VERSION=${version}\n`));

it('puts every program on the PATH', () => {
  const linked = [...recipe.matchAll(/ln -s \/app\/(\S+) \/usr\/local\/bin\/(\S+)/g)].map(([, file, name]) => [name, file]);
  expect(Object.fromEntries(linked)).toEqual(bin);
});

it('ends as a user that is not root, with a health check', () => {
  const last = recipe.slice(recipe.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^USER 1000:1000$/m);
  expect(last).toMatch(/^HEALTHCHECK .*"\/app\/infra\/image\/healthcheck\.mjs"\]$/m);
});

it('sends the build no more than it names', () => {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
  expect(lines[0]).toBe('*');
  for (const needed of [
    'package.json',
    'package-lock.json',
    'LICENSE',
    'scripts',
    'src',
    'infra/producer.sh',
    'infra/image/*.mjs',
  ])
    expect(lines).toContain(`!${needed}`);
});
