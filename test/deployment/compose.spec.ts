/** The compose files are valid, say what the program understands, and give nothing away. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KEYS } from '../../src/apps/config/keys';
import { readSettings } from '../../src/apps/config/readSettings';
import { ROOT } from '../support/program';
import { faultsOf } from '../support/commandLine';
import { ownServices, readComposeFile } from './composeFile';
import { composeFaults } from './schemas';

const QUICKSTART = 'infra/quickstart/docker-compose.yml';
const ON_KAFKA = 'docker-compose.kafka.yml';

it('has a schema that finds mistakes', () => {
  const faults = composeFaults({ services: { gate: { image: 'policygate:local', comand: ['serve'] } } });
  expect(faults.join('\n')).toContain('"additionalProperty":"comand"');
});

describe.each([QUICKSTART, ON_KAFKA])('%s', (file) => {
  const compose = readComposeFile(file);
  const own = ownServices(compose);

  it('is what the Compose specification allows', () => {
    expect(composeFaults(compose)).toEqual([]);
    expect(own.length).toBeGreaterThanOrEqual(3);
  });

  it.each(own.flatMap(([name, { command }]) => (command === undefined ? [] : [[name, command] as const])))(
    'gives `%s` a command line of the program: %j',
    async (_, command) => expect(await faultsOf(command)).toEqual([]),
  );

  it('sets variables that the program knows, to what it takes', async () => {
    const known = new Set<string>(Object.values(KEYS).map(({ variable }) => variable));
    for (const [name, { environment = {}, command }] of own) {
      const ours = Object.entries(environment).filter(([variable]) => /^(?:POLICYGATE|KAFKA|SCHEMA)_/.test(variable));
      expect({ name, unknown: ours.filter(([variable]) => !known.has(variable)) }).toEqual({ name, unknown: [] });
      if (command === undefined) continue;
      const { warnings, bus } = await readSettings({}, environment);
      expect({ name, warnings, bus }).toEqual({ name, warnings: [], bus: file === ON_KAFKA ? 'kafka' : 'embedded' });
    }
  });

  it('finds the files that it names, here and in the image', () => {
    const folder = dirname(join(ROOT, file));
    const inImage = own.flatMap(([, { command = [], entrypoint = [] }]) => [...command, ...entrypoint]);
    for (const path of inImage.filter((word) => word.startsWith('/app/')))
      expect([path, existsSync(join(ROOT, path.slice('/app/'.length)))]).toEqual([path, true]);
    for (const [, { build }] of own)
      if (build !== undefined) expect(existsSync(join(folder, build.context, build.dockerfile))).toBe(true);
    for (const { volumes = [] } of Object.values(compose.services))
      for (const [source = ''] of volumes.map((volume) => volume.split(':')))
        if (source.startsWith('.')) expect([source, existsSync(join(folder, source))]).toEqual([source, true]);
        else expect(Object.keys(compose.volumes)).toContain(source);
  });

  it('waits for services that there are, and that can become healthy', () => {
    for (const [name, { depends_on = {}, profiles }] of Object.entries(compose.services))
      for (const [other, { condition, required }] of Object.entries(depends_on)) {
        const awaited = compose.services[other];
        expect([name, other, awaited !== undefined]).toEqual([name, other, true]);
        // What only a profile starts would keep the others from starting.
        if (profiles === undefined && required !== false)
          expect([name, other, awaited?.profiles]).toEqual([name, other, undefined]);
        if (condition === 'service_healthy') expect([other, awaited?.healthcheck?.disable]).not.toEqual([other, true]);
      }
  });

  it('opens nothing beyond this machine, and gives its containers no right that they do not need', () => {
    const ports = Object.values(compose.services).flatMap(({ ports: each = [] }) => each);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    for (const [name, { read_only, cap_drop, security_opt }] of own)
      expect({ name, read_only, cap_drop, security_opt }).toEqual({
        name,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
  });

  it('holds no secret', () => {
    const values = Object.values(compose.services).flatMap(({ environment = {} }) => Object.entries(environment));
    expect(values.filter(([name, value]) => /TOKEN$|PASSWORD$|SECRET/.test(name) && value !== '')).toEqual([]);
  });
});

it('has the whole gate on Kafka', () => {
  const { services } = readComposeFile(ON_KAFKA);
  expect(Object.keys(services)).toEqual(
    expect.arrayContaining([
      'kafka',
      'schema-registry',
      'topics',
      'processor',
      'gateway',
      'intake',
      'producer',
      'prometheus',
      'grafana',
    ]),
  );
  expect(services.processor?.deploy).toEqual({ replicas: 2 });
});
