/** What the pages on deployment tell to type names files, services, profiles and Secrets that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/program';
import { readComposeFile } from './composeFile';
import { manifests, rendered, hasKubectl } from './manifests';

const page = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');

const composeLines = ['deployment-docker.md', 'deployment-kafka.md'].flatMap((name) =>
  [...page(name).matchAll(/^docker compose .*$/gm)].map(([line]) => line),
);

it('has commands of Docker Compose', () => expect(composeLines.length).toBeGreaterThanOrEqual(8));

it.each(composeLines)('%s', (line) => {
  const words = line.split(' ').slice(2);
  const [flag, file = ''] = words;
  expect([flag, existsSync(join(ROOT, file))]).toEqual(['-f', true]);
  const { services } = readComposeFile(file);
  const profiles = Object.values(services).flatMap(({ profiles: each = [] }) => each);
  words.forEach((word, at) => {
    const next = words[at + 1] ?? '';
    if (word === '--profile') expect(profiles).toContain(next);
    if (word === '--env-file') expect(existsSync(join(ROOT, next))).toBe(true);
    if (word === 'exec') expect(Object.keys(services)).toContain(next);
    if (word === 'logs') expect(Object.keys(services)).toContain(words.at(-1));
  });
});

it('names the files of infra that it builds with', () => {
  const commands = [...page('deployment-docker.md').matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text).join('');
  const files = [...commands.matchAll(/\binfra\/[\w./-]+/g)].map(([file]) => file);
  expect(files).toEqual(expect.arrayContaining(['infra/Dockerfile', 'infra/image/base.sh']));
  for (const file of files) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
});

it('links to files that are there', () => {
  for (const name of ['deployment-docker.md', 'deployment-kubernetes.md', 'deployment-kafka.md'])
    for (const [, target = ''] of page(name).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      expect([name, target, existsSync(join(dirname(join(ROOT, 'docs', name)), target))]).toEqual([name, target, true]);
});

it('says how each Secret is made that a manifest names', () => {
  const text = page('deployment-kubernetes.md');
  const all = hasKubectl() ? rendered('alpaca-paper') : manifests();
  const secrets = all.flatMap(({ spec }) => spec?.template?.spec.volumes.flatMap(({ secret }) => secret?.secretName ?? []) ?? []);
  expect(new Set(secrets).size).toBeGreaterThanOrEqual(6);
  for (const name of secrets) expect(text).toContain(`\`${name}\``);
});
