import Ajv2020 from 'ajv/dist/2020';
import { Registry } from 'prom-client';
import { closeRigs, QuestionRig } from '../../../test/support/questions';
import { TestLog } from '../../../test/support/services';
import { testRoute } from '../../../test/support/httpServer';
import { Intake } from '../intake/intake';
import { intakeRoutes } from '../intake/intakeRoutes';
import { PriceIntake } from '../intake/priceIntake';
import { pricesRoute } from '../intake/pricesRoute';
import { ServiceMetrics } from '../service/serviceMetrics';
import { openApiText } from './openapi';
import type { Route } from './route';
import { operationsRoutes } from './routes/operations';

afterEach(closeRigs);

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}
interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly object[];
}
interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** Every route that `policygate serve` has. */
const everyRoute = async (): Promise<readonly Route[]> => {
  const { shard, live, routes: questions } = await QuestionRig.open();
  const { bus, codec } = shard;
  const intake = new Intake({ bus, codec, live, registry: new Registry(), log: new TestLog() });
  const routes: readonly Route[] = [
    ...intakeRoutes({ intake, live, defaultRun: () => undefined, allowSenderPrices: false }),
    pricesRoute({
      prices: new PriceIntake({ bus, codec, registry: new Registry(), log: new TestLog() }),
      mustHaveBegun: () => undefined,
    }),
    ...questions,
    ...operationsRoutes({
      bus,
      busName: 'embedded',
      live,
      metrics: new ServiceMetrics(),
      problems: () => [],
      waiting: () => 0,
      defaultRun: () => undefined,
      position: () => '0',
      routes: () => routes,
      secured: false,
      engineVersion: '1.2.3',
      startedAt: 0,
    }),
  ];
  return routes;
};

const parsed = (routes: readonly Route[], secured = true): Document =>
  JSON.parse(openApiText({ routes, version: '1.2.3', secured })) as Document;
const operationsOf = ({ paths }: Document): readonly (readonly [string, string, Operation])[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => [path, method, operation] as const),
  );
const onlyOperation = (route: Route): Operation => {
  const [found] = operationsOf(parsed([route]));
  if (found === undefined) throw new Error('there is no operation');
  return found[2];
};
const refsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === '$ref' ? [String(each)] : refsIn(each)));
};

it('describes every route once, with all that its table says', async () => {
  const routes = await everyRoute();
  const document = parsed(routes);
  expect(document).toMatchObject({ openapi: '3.1.1', info: { title: 'policygate', version: '1.2.3' }, servers: [{ url: '/' }] });
  const operations = operationsOf(document);
  expect(operations.map(([path, method]) => `${method} ${path}`).sort()).toEqual(
    routes.map(({ path, method }) => `${method.toLowerCase()} ${path}`).sort(),
  );
  const ids = operations.map(([, , { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/);
  const tags = new Set(document.tags.map(({ name }) => name));
  for (const [, , operation] of operations) for (const tag of operation.tags) expect(tags).toContain(tag);
});

it('declares every parameter of a path, and each parameter once', async () => {
  for (const [path, , { parameters }] of operationsOf(parsed(await everyRoute()))) {
    const inPath = parameters.filter((each) => each.in === 'path');
    expect(inPath.map(({ name }) => `{${name}}`).sort()).toEqual([...(path.match(/\{[^}]+\}/g) ?? [])].sort());
    expect(inPath.every(({ required }) => required)).toBe(true);
    const names = parameters.map((each) => `${each.in} ${each.name.toLowerCase()}`);
    expect(new Set(names).size).toBe(names.length);
  }
});

it('has no reference that leads nowhere, no schema that is none, and examples that are what they are examples of', async () => {
  const document = parsed(await everyRoute());
  const targets = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
  for (const reference of refsIn(document)) expect(targets).toContain(reference);
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'api', components: document.components }, undefined, undefined, false);
  const compile = (schema: object): ReturnType<typeof ajv.compile> =>
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')) as object);
  let examples = 0;
  for (const [path, , { parameters, responses, requestBody }] of operationsOf(document)) {
    for (const { schema } of parameters) compile(schema);
    const bodies = [requestBody?.content ?? {}, ...Object.values(responses).map(({ content }) => content)];
    for (const { schema, example } of bodies.flatMap((content) => Object.values(content))) {
      const check = compile(schema);
      if (example === undefined) continue;
      examples += 1;
      expect([path, check(example), check.errors]).toEqual([path, true, null]);
    }
  }
  expect(examples).toBeGreaterThan(3);
});

it('says which problems there are by status, the same as the table and those that every route may have', () => {
  const route = testRoute('POST', '/intent', { roles: ['submit'], problems: ['queue_full', 'intent_conflict', 'invalid_json'] });
  const { responses, security } = onlyOperation(route);
  expect(Object.keys(responses)).toEqual(['200', '400', '401', '403', '408', '409', '413', '429', '431', '500', '503']);
  const problem = responses['429']?.content['application/problem+json'];
  expect(problem?.schema).toEqual({
    allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: ['rate_limited', 'queue_full'] } } }],
  });
  expect(responses['429']?.headers).toHaveProperty('Retry-After');
  expect(security).toEqual([{ bearer: [] }]);
});

it('demands no token where none are configured, or none is needed', () => {
  const routes = [testRoute('GET', '/a'), testRoute('GET', '/b', { roles: undefined })];
  const security = (secured: boolean): readonly unknown[] =>
    operationsOf(parsed(routes, secured)).map(([, , operation]) => operation.security);
  expect(security(true)).toEqual([[{ bearer: [] }], []]);
  expect(security(false)).toEqual([[], []]);
});

it('keeps both forms of an answer that may be a problem or not', () => {
  const answers = { 503: { description: 'Not ready', contentType: 'application/json', schema: { type: 'object' } } };
  const { responses } = onlyOperation(testRoute('GET', '/readyz', { answers, roles: undefined }));
  expect(Object.keys(responses['503']?.content ?? {})).toEqual(['application/json', 'application/problem+json']);
});

it('is the same text for the same table', async () => {
  const routes = await everyRoute();
  const text = openApiText({ routes, version: '1', secured: true });
  expect(openApiText({ routes: [...routes], version: '1', secured: true })).toBe(text);
});
