/** The manifests are valid, say what the program understands, and leave the pods no right that they do not need. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { httpSettings } from '../../src/apps/config/httpSettings';
import { readSettings } from '../../src/apps/config/readSettings';
import { ROOT, temporaryFolder } from '../support/program';
import { faultsOf } from '../support/commandLine';
import { BASE, hasKubectl, kustomization, manifests, rendered } from './manifests';
import type { Container, Labels, Manifest, PodSpec, Probe } from './manifests';
import { kubernetesFaults } from './schemas';

interface PodMonitor {
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels };
    readonly podMetricsEndpoints: readonly {
      readonly port: string;
      readonly path: string;
      readonly relabelings: readonly { readonly targetLabel: string; readonly regex?: string; readonly replacement?: string }[];
    }[];
  };
}

interface Scrape {
  readonly job_name: string;
  readonly relabel_configs: readonly { readonly regex: string; readonly action?: string; readonly target_label?: string }[];
}

const folder = temporaryFolder();
afterAll(() => folder.remove());

const all = manifests();
const pods = (from: readonly Manifest[]): readonly (readonly [string, PodSpec])[] =>
  from.flatMap(({ metadata, spec }) => (spec?.template === undefined ? [] : [[metadata.name, spec.template.spec] as const]));
const containers: readonly (readonly [string, Container])[] = pods(all).flatMap(([name, pod]) =>
  pod.containers.map((container) => [name, container] as const),
);
const named = (kind: string, name: string): Manifest | undefined =>
  all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);

it.each(all.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
  'has a valid %s %s',
  (kind, _, manifest) => {
    expect(kubernetesFaults(kind, manifest)).toEqual([]);
    expect(Object.keys(manifest)).toContain('apiVersion');
  },
);

it('has schemas that find mistakes', () => {
  const { metadata, ...rest } = named('Job', 'policygate-topics') ?? { metadata: { name: '' } };
  expect(kubernetesFaults('Job', { ...rest, metadata, restartPolicy: 'Never' }).join()).toContain('restartPolicy');
});

it('leaves out no file of its folder', () => {
  const named = [...kustomization().resources, 'kustomization.yaml', 'policygate.yaml'];
  expect(readdirSync(BASE).toSorted()).toEqual(named.toSorted());
});

it.each(containers)('%s has a command line of the program', async (_, { args }) => expect(await faultsOf(args)).toEqual([]));

it('takes the image of this version', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(kustomization().images).toEqual([{ name: 'policygate', newTag: version }]);
  expect(new Set(containers.map(([, { image }]) => image))).toEqual(new Set(['policygate']));
});

it('runs as restricted as the namespace asks for', () => {
  for (const [name, pod] of pods(all)) {
    const { securityContext, serviceAccountName, automountServiceAccountToken } = pod;
    expect({ name, securityContext, serviceAccountName, automountServiceAccountToken }).toEqual({
      name,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      serviceAccountName: 'policygate',
      automountServiceAccountToken: false,
    });
  }
  for (const [name, container] of containers) {
    expect([name, container.securityContext]).toEqual([
      name,
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ]);
    expect([name, container.resources.limits.memory, container.resources.requests.cpu]).not.toContain(undefined);
  }
});

it('asks probes at ports and paths that there are', () => {
  // Where the paths are answered: the monitoring port, and the server.
  const monitoring = readFileSync(join(ROOT, 'src', 'apps', 'service', 'monitoring.ts'), 'utf8');
  const server = readFileSync(join(ROOT, 'src', 'apps', 'http', 'routes', 'operations.ts'), 'utf8');
  const services = containers.filter(([, { args }]) => args[0] !== 'topics');
  expect(services).toHaveLength(3);
  for (const [name, { startupProbe, livenessProbe, readinessProbe, ports }] of services)
    for (const probe of [startupProbe, livenessProbe, readinessProbe] as (Probe | undefined)[]) {
      const { path, port, scheme } = probe?.httpGet ?? { path: '', port: '' };
      const containerPort = ports?.find((each) => each.name === port)?.containerPort;
      const isServer = containerPort === 8100;
      expect([name, containerPort, scheme]).toEqual(isServer ? [name, 8100, 'HTTPS'] : [name, 8080, undefined]);
      expect(isServer ? server : monitoring).toContain(`'${path}'`);
    }
});

describe('the settings', () => {
  const text = readFileSync(join(BASE, 'policygate.yaml'), 'utf8');
  const secrets = '/run/secrets/policygate';

  it('are read by the program, with the secrets where they are mounted', async () => {
    const path = (...names: string[]): string => folder.path('secrets', ...names);
    for (const name of ['kafka', 'http', 'tls']) mkdirSync(path(name), { recursive: true });
    const subject = ['-subj', '/CN=policygate-intake.policygate.svc', '-days', '2'];
    const made = ['-keyout', path('tls', 'tls.key'), '-out', path('tls', 'tls.crt')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ed25519', '-nodes', ...made, ...subject], { stdio: 'ignore' });
    writeFileSync(path('kafka', 'ca.pem'), readFileSync(path('tls', 'tls.crt')));
    writeFileSync(path('kafka', 'password'), 'never-in-a-manifest\n');
    const config = folder.path('policygate.yaml');
    writeFileSync(config, text.replaceAll(secrets, path()));

    for (const [name, { env }] of containers) {
      const environment = Object.fromEntries(env.map((each) => [each.name, each.value]));
      expect([name, environment.POLICYGATE_CONFIG]).toEqual([name, '/etc/policygate/policygate.yaml']);
      const settings = await readSettings({ config }, environment);
      expect(settings.warnings).toEqual([]);
      expect(settings.kafka.sasl).toEqual({
        mechanism: 'scram-sha-512',
        username: name,
        password: 'never-in-a-manifest',
      });
      expect(settings.monitoring).toEqual({ host: '0.0.0.0', port: 8080 });
      const http = await httpSettings({ config }, environment);
      expect(http).toMatchObject({ host: '0.0.0.0', port: 8100, tls: { certFile: path('tls', 'tls.crt') } });
    }
  });

  it('name files of Secrets that are mounted there', () => {
    const files = [...text.matchAll(/: (\/run\/secrets\/[^\s]+)\/[^/\s]+$/gm)].map(([, directory]) => directory ?? '');
    expect(files.length).toBeGreaterThanOrEqual(5);
    const needed = (name: string): Set<string> =>
      new Set(files.filter((directory) => name === 'policygate-intake' || directory.endsWith('/kafka')));
    for (const [name, pod] of pods(all)) {
      const [container] = pod.containers;
      const mounted = (container?.volumeMounts ?? [])
        .map(({ mountPath }) => mountPath)
        .filter((path) => path.startsWith(secrets));
      expect([name, new Set(mounted)]).toEqual([name, needed(name)]);
      const volumes = new Set(pod.volumes.map((volume) => volume.name));
      expect((container?.volumeMounts ?? []).filter((mount) => !volumes.has(mount.name))).toEqual([]);
    }
  });
});

it('keeps secrets out, and the gateway alone', () => {
  expect(all.map(({ kind }) => kind)).not.toContain('Secret');
  const gateway = named('Deployment', 'policygate-gateway')?.spec;
  expect([gateway?.replicas, gateway?.strategy]).toEqual([1, { type: 'Recreate' }]);
  expect(named('Deployment', 'policygate-processor')?.spec?.replicas).toBe(2);
});

it('selects pods that there are', () => {
  const labels = all.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.metadata.labels]));
  for (const { kind, metadata, spec } of all) {
    const selector = kind === 'Service' ? spec?.selector : (spec?.podSelector ?? spec?.selector)?.matchLabels;
    if (selector === undefined || kind === 'Job') continue;
    const chosen = labels.filter((each) => Object.entries(selector).every(([name, value]) => each[name] === value));
    expect([kind, metadata.name, chosen.length > 0]).toEqual([kind, metadata.name, true]);
  }
});

it('starts the topics with settings whose name stays, since a Job cannot be changed', () => {
  const mounted = (kind: string, name: string): unknown =>
    named(kind, name)?.spec?.template?.spec.volumes.find((volume) => volume.name === 'settings');
  expect(mounted('Job', 'policygate-topics')).toEqual({ name: 'settings', configMap: { name: 'policygate-topics' } });
  const generator = kustomization().configMapGenerator.find(({ name }) => name === 'policygate-topics');
  expect(generator).toMatchObject({ files: ['policygate.yaml'], options: { disableNameSuffixHash: true } });
});

describe('Prometheus', () => {
  const read = (file: string): unknown => parse(readFileSync(join(ROOT, 'infra', 'k8s', 'monitoring', file), 'utf8'));
  const monitor = read('podmonitor.yaml') as PodMonitor;
  const { scrape_configs: scrapes } = read('prometheus.yml') as { readonly scrape_configs: readonly Scrape[] };
  const [scrape] = scrapes;
  const monitored = all.flatMap(({ spec }) => {
    const labels = spec?.template?.metadata.labels ?? {};
    return labels['policygate/monitored'] === 'true' ? [{ labels, pod: spec?.template?.spec }] : [];
  });

  it('is shown each service at its monitoring port', () => {
    expect(monitored).toHaveLength(3);
    expect(monitor.spec.selector.matchLabels).toEqual({ 'policygate/monitored': 'true' });
    expect(monitor.spec.podMetricsEndpoints.map(({ port, path }) => [port, path])).toEqual([['monitoring', '/metrics']]);
    for (const { pod } of monitored)
      expect(pod?.containers.flatMap(({ ports = [] }) => ports)).toContainEqual({ name: 'monitoring', containerPort: 8080 });
    expect(scrape?.relabel_configs[0]).toMatchObject({ regex: 'true;monitoring', action: 'keep' });
  });

  it('gives them the job and the components that the alerts go by', () => {
    const relabelings = monitor.spec.podMetricsEndpoints.flatMap((endpoint) => endpoint.relabelings);
    expect(relabelings).toContainEqual({ targetLabel: 'job', replacement: 'policygate' });
    expect(scrape?.job_name).toBe('policygate');
    const patterns = [
      relabelings.find(({ targetLabel }) => targetLabel === 'component')?.regex,
      scrape?.relabel_configs.find(({ target_label: target }) => target === 'component')?.regex,
    ];
    for (const pattern of patterns) {
      const components = monitored.map(
        ({ labels }) => new RegExp(`^(?:${pattern ?? ''})$`).exec(labels['app.kubernetes.io/name'] ?? '')?.[1],
      );
      expect(components).toEqual(['processor', 'gateway', 'intake']);
    }
  });
});

const kubectl = hasKubectl();
if (!kubectl) process.stderr.write('kustomizations are not built: install kubectl 1.21 or newer\n');

(kubectl ? describe : describe.skip).each(['base', 'alpaca-paper'])('kubectl kustomize infra/k8s/%s', (name) => {
  const made = kubectl ? rendered(name) : [];

  it('makes valid manifests, in one namespace', () => {
    expect(made.length).toBeGreaterThan(all.length);
    for (const manifest of made)
      expect([manifest.metadata.name, kubernetesFaults(manifest.kind, manifest)]).toEqual([manifest.metadata.name, []]);
  });

  it('starts what the program understands', async () => {
    for (const [, pod] of pods(made)) for (const { args } of pod.containers) expect(await faultsOf(args)).toEqual([]);
  });
});
