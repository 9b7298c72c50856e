/** docs/http.md says what the server says of itself: the same routes, the same problems with their statuses. (Its examples: httpGuide.spec.ts.) */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEMS } from '../src/apps/http/problem';
import { ROOT, temporaryFolder } from './support/program';
import { DEMO_FILES, endServers, get, jsonOf, serving } from './support/serve';

const page = readFileSync(join(ROOT, 'docs', 'http.md'), 'utf8');
const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(endServers);

it('has a heading for every route of the OpenAPI document, and no other', async () => {
  const { url } = await serving([...DEMO_FILES, '--data-dir', folder.path('data')]);
  const { paths } = jsonOf(await get(`${url}/openapi.json`)) as { paths: Record<string, Record<string, unknown>> };
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const headings = [...page.matchAll(/^### (.*)$/gm)].flatMap(([, heading = '']) => heading.split(', '));
  expect(headings.sort()).toEqual(served.sort());
}, 60_000);

it('has the table of problems', () => {
  const shown = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| (.*) \|$/gm)].map(([, code, status, title]) => [
    code,
    Number(status),
    title,
  ]);
  expect(shown).toEqual(Object.entries(PROBLEMS).map(([code, { status, title }]) => [code, status, title]));
});
