/** The image, really built and started: what is in it, what it may, and the quickstart with it. Some minutes, so only where it is asked for. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ROOT } from '../support/program';
import { until } from '../support/services';
import { asked, compose, run } from './docker';

jest.setTimeout(60_000);

const IMAGE = 'policygate:test';
const RESTRICTED = ['--rm', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'none'];

/** NODE_IMAGE, or one that is made here of Debian and the Node of this machine. */
const base = async (): Promise<string> => {
  const given = process.env.NODE_IMAGE ?? '';
  if (given !== '') return given;
  await run(join(ROOT, 'infra', 'image', 'base.sh'), ['policygate-base:test'], { seconds: 300 });
  return 'policygate-base:test';
};

const inside = (program: string, ...args: readonly string[]): Promise<string> =>
  run('docker', ['run', ...RESTRICTED, '--entrypoint', program, IMAGE, ...args]);

(asked ? describe : describe.skip)('the image', () => {
  beforeAll(async () => {
    const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
    const args = [`NODE_IMAGE=${await base()}`, `NPM_REGISTRY=${registry}`, 'SOURCE=https://example.com/policygate'];
    const flags = args.flatMap((each) => ['--build-arg', each]);
    await run('docker', ['build', '--file', 'infra/Dockerfile', '--tag', IMAGE, ...flags, '.'], { seconds: 600 });
  }, 960_000);

  it('is labelled, and is not root', async () => {
    const [inspected] = JSON.parse(await run('docker', ['inspect', IMAGE])) as [
      { Config: { User: string; Labels: Record<string, string>; Healthcheck: { Test: string[] } } },
    ];
    const { User, Labels, Healthcheck } = inspected.Config;
    expect(User).toBe('1000:1000');
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'policygate-capital',
      'org.opencontainers.image.source': 'https://example.com/policygate',
      'org.opencontainers.image.licenses': 'MIT',
    });
    expect(Labels['org.opencontainers.image.version']).toBe((await inside('policygate', '--version')).trim());
    expect(Healthcheck.Test).toEqual(['CMD', 'node', '/app/infra/image/healthcheck.mjs']);
  });

  it('holds four programs, and nothing that compiles or installs', async () => {
    for (const name of ['policygate', 'policygate-eval', 'policygate-run', 'policygate-serve'])
      expect(await inside(name, '--help')).toMatch(/^Usage: policygate/);
    const found = await inside(
      'sh',
      '-c',
      'for tool in cc gcc g++ clang make python3 npm npx tsc esbuild; do command -v $tool; done; true',
    );
    expect(found).toBe('');
  });

  it('lists every package that it holds, and no other', async () => {
    const list = `
      const { readdirSync, existsSync } = require('node:fs');
      const folders = (at) => readdirSync(at).filter((name) => name[0] !== '.').flatMap((name) =>
        name[0] === '@' ? folders(at + '/' + name) : [at + '/' + name, ...(existsSync(at + '/' + name + '/node_modules') ? folders(at + '/' + name + '/node_modules') : [])]);
      const named = ({ name, version }) => name + '@' + version;
      const { components, metadata } = require('/app/sbom.cdx.json');
      const listed = components.map(({ group, name, version }) => named({ name: group ? group + '/' + name : name, version }));
      const held = folders('/app/node_modules').map((folder) => named(require(folder + '/package.json')));
      console.log(JSON.stringify({ root: named(metadata.component), listed: [...new Set(listed)].sort(), held: [...new Set(held)].sort() }));`;
    const { root, listed, held } = JSON.parse(await inside('node', '-e', list)) as Record<string, string[]>;
    expect(root).toMatch(/^policygate-capital@/);
    expect(held?.length).toBeGreaterThan(50);
    expect(listed).toEqual(held);
  });

  it('has the demo run with nothing but a folder to write to', async () => {
    const shown = await run('docker', ['run', ...RESTRICTED, '--tmpfs', '/data:uid=1000,gid=1000', IMAGE, 'demo']);
    expect(shown).toContain('ca5cc96f465a54e5d97ab82fc7fd95cc174767949a5f7cca3ceda0492746cab1');
  });

  describe('the quickstart', () => {
    const project = `policygate-test-${randomBytes(4).toString('hex')}`;
    const quickstart = (...args: readonly string[]): Promise<string> =>
      compose(
        ['--project-name', project, '--file', 'infra/quickstart/docker-compose.yml', ...args],
        { POLICYGATE_IMAGE: IMAGE, HTTP_PORT: '0', INTERVAL_SECONDS: '0.2' },
        120,
      );
    const decided = async (): Promise<readonly string[]> =>
      (await quickstart('logs', '--no-log-prefix', 'producer')).match(/^nd-\S+ .*(?:ALLOW|MODIFY|DENY).*$/gm) ?? [];
    const address = async (): Promise<string> => `http://${(await quickstart('port', 'serve', '8100')).trim()}`;

    afterAll(() => quickstart('down', '--volumes', '--timeout', '5'), 120_000);

    it('decides, shows it to whoever has the token, and goes on after a restart', async () => {
      await quickstart('up', '--detach');
      await until('decisions', async () => (await decided()).length >= 5, 30_000);
      const url = await address();
      expect((await fetch(url)).status).toBe(200);
      expect((await fetch(`${url}/health`)).status).toBe(401);
      const token = (await quickstart('exec', '-T', 'serve', 'cat', '/secrets/desk-token')).trim();
      const asking = { headers: { authorization: `Bearer ${token}` } };
      expect(await (await fetch(`${url}/health`, asking)).json()).toMatchObject({
        run_id: 'quickstart',
        kill_switch_active: false,
      });

      await quickstart('stop');
      const before = (await decided()).length;
      await quickstart('up', '--detach');
      await until('more decisions', async () => (await decided()).length > before, 30_000);
      const run_ = await (await fetch(`${await address()}/runs/quickstart`, asking)).json();
      expect((run_ as { next_seq: number }).next_seq).toBeGreaterThan(before);
    }, 240_000);
  });

  it.each(['infra/quickstart/docker-compose.yml', 'docker-compose.kafka.yml'])('Docker Compose accepts %s', async (file) => {
    expect(await compose(['--file', file, '--profile', '*', 'config', '--quiet'], {})).toBe('');
  });
});
