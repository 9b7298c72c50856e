/** Keeps docs/configuration.md, infra/policygate.yaml and the table of keys equal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { Failure } from '../failure';
import { brokerSettings } from './brokerSettings';
import { ALL_KEYS, CONFIG_VARIABLE } from './keys';
import type { Key } from './keys';
import { readSettings } from './readSettings';
import { readSettingsFile } from './settingsFile';

const root = join(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
const example = readFileSync(join(root, 'infra/policygate.yaml'), 'utf8');
/** With every key that is switched off switched on. */
const complete = example.replace(/^( *)#(?= *[a-z_]+:)/gm, '$1');

const folder = mkdtempSync(join(tmpdir(), 'policygate-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFile = (text: string): string => {
  const file = join(folder, 'settings.yaml');
  writeFileSync(file, text);
  return file;
};

const standardOf = ({ standard, otherwise }: Key<unknown>): string => {
  if (otherwise !== undefined) return otherwise;
  if (standard === '') return 'empty';
  return typeof standard === 'string' || typeof standard === 'number' ? `\`${standard}\`` : 'none';
};

const row = (key: Key<unknown>): string =>
  `| ${key.path === undefined ? 'not in the file' : `\`${key.path}\``} | \`${key.variable}\` | ${standardOf(key)} | ${key.allowed} | ${key.about} |`;

it('the page has the table of keys, row by row', () =>
  expect(page.split('\n').filter((line) => /^\| (?:`|not in the file)/.test(line))).toEqual(ALL_KEYS.map(row)));

it('the page names the variable of the file', () => expect(page).toContain(`\`${CONFIG_VARIABLE}\``));

it('the example has every key, and says the defaults', async () => {
  const values = await readSettingsFile(inFile(complete));
  expect(new Set(values.keys())).toEqual(new Set(ALL_KEYS.filter(({ path }) => path !== undefined)));
  for (const [key, value] of values) if (key.standard !== undefined) expect([key.path, value]).toEqual([key.path, key.standard]);
});

it('the example works as it is, and says what two variables would', async () =>
  expect(await readSettings({ config: inFile(example) }, {})).toEqual(
    await readSettings({}, { KAFKA_BROKERS: '127.0.0.1:9092', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081' }),
  ));

it('the mistake shown on the page is said in these words', async () => {
  const [, shown = ''] = /^```text\nError: (.*?)\n```$/ms.exec(page) ?? [];
  const file = inFile('bus: kafka\nkafka:\n  clientid: gate-1\n');
  await expect(readSettings({ config: file }, {})).rejects.toThrow(new Failure(shown.replace('policygate.yaml', file)));
});

it('what is missing for a broker is said in these words', async () => {
  const [, shown = ''] = /^```text broker\nError: (.*?)\n```$/ms.exec(page) ?? [];
  await expect(brokerSettings('tradier', {}, { TRADIER_ACCOUNT_ID: 'VA1' })).rejects.toThrow(new Failure(shown));
});

it('the settings shown on the page work, and any YAML reader takes them for the same', async () => {
  const [, shown = ''] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
  expect((await readSettings({ config: inFile(shown), bus: 'embedded' }, {})).kafka.brokers).toEqual(
    (parseYaml(shown) as { kafka: { brokers: string[] } }).kafka.brokers,
  );
});
