/**
 * The OpenAPI 3.1 document, from the same table that the server is made from. The same table gives the same text. HEAD, which every GET has, and 405
 * are left out, as is usual.
 */
import { SCHEMAS, ref } from './documents/schemas';
import { PROBLEMS } from './problem';
import type { ProblemCode } from './problem';
import type { Answered, Parameter, Route } from './route';

export interface OpenApiOptions {
  readonly routes: readonly Route[];
  readonly version: string;
  /** Whether tokens are configured: without them, a document that demands one would lie. */
  readonly secured: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const TAGS: Readonly<Record<Route['tag'], string>> = {
  intents: 'What strategies want, and what they get',
  prices: 'What they are judged at',
  runs: 'What runs hold, and did',
  controls: 'What stops everything',
  policies: 'The limits',
  audit: 'The log, and what proves it',
  operations: 'The service',
};

export const openApiText = (options: OpenApiOptions): string => JSON.stringify(openApiDocument(options));

const openApiDocument = ({ routes, version, secured }: OpenApiOptions): Json => ({
  openapi: '3.1.1',
  info: {
    title: 'policygate',
    version,
    description:
      'A deterministic capital policy gate: order intents in, decisions out, each with its reasons and on an audit chain.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  paths: pathsOf(routes, secured),
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A token of the server; its roles say what it may.' },
    },
  },
});

const pathsOf = (routes: readonly Route[], secured: boolean): Json => {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const operations = (paths[route.path] ??= {});
    operations[route.method.toLowerCase()] = operationOf(route, secured);
  }
  return paths;
};

const operationOf = (route: Route, secured: boolean): Json => ({
  operationId: route.operationId,
  tags: [route.tag],
  summary: route.summary,
  description: [route.description ?? '', rolesText(route)].filter((text) => text !== '').join('\n\n'),
  parameters: route.parameters.map(parameterOf),
  ...(route.body === undefined
    ? {}
    : {
        requestBody: {
          required: true,
          description: bodyText(route.body),
          content: { [route.body.contentType]: contentOf(route.body) },
        },
      }),
  responses: responsesOf(route),
  security: route.roles === undefined || !secured ? [] : [{ bearer: [] }],
});

const rolesText = ({ roles }: Route): string =>
  roles === undefined
    ? 'Needs no token.'
    : `Where tokens are configured: needs one with ${roles.length > 1 ? 'one of the roles' : 'the role'} ${roles.join(', ')}.`;

const bodyText = ({ description, mostBytes }: NonNullable<Route['body']>): string =>
  `${description}. At most ${mostBytes.toLocaleString('en')} bytes.`;

const contentOf = ({ schema, example }: NonNullable<Route['body']>): Json =>
  example === undefined ? { schema } : { schema, example };

const parameterOf = ({ name, in: where, description, required, schema }: Parameter): Json => ({
  name,
  in: where,
  description,
  required,
  schema,
  ...(schema.type === 'array' ? { style: 'form', explode: false } : {}),
});

const responsesOf = (route: Route): Json => {
  const responses: Record<string, Json> = {};
  for (const [status, answered] of Object.entries(route.answers)) responses[status] = answerOf(answered);
  for (const [status, codes] of problemsOf(route)) {
    const problem = problemOf(status, codes);
    const answered = responses[status];
    responses[status] =
      answered === undefined
        ? problem
        : { ...problem, ...answered, content: { ...(answered.content as Json), ...(problem.content as Json) } };
  }
  return responses;
};

const answerOf = ({ description, contentType, schema, headers = {} }: Answered): Json => ({
  description,
  ...headersOf(headers),
  content: { [contentType]: { schema } },
});

const headersOf = (headers: Readonly<Record<string, string>>): Json =>
  Object.keys(headers).length === 0
    ? {}
    : {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
        ),
      };

/** What every route may refuse; what only some may is in `problems` of the table. */
const ALWAYS: readonly ProblemCode[] = ['bad_request', 'request_timeout', 'headers_too_large', 'internal_error', 'not_ready'];
const WITH_ROLES: readonly ProblemCode[] = ['unauthorized', 'forbidden', 'rate_limited'];
const WITH_BODY: readonly ProblemCode[] = [
  'invalid_content_type',
  'missing_content_length',
  'invalid_content_length',
  'payload_too_large',
];

/** By status, each code once. */
const problemsOf = ({ roles, body, problems }: Route): ReadonlyMap<number, readonly ProblemCode[]> => {
  const codes = new Set<ProblemCode>([
    ...problems,
    ...ALWAYS,
    'forbidden',
    'invalid_parameter',
    ...(roles === undefined ? [] : WITH_ROLES),
    ...(body === undefined ? [] : WITH_BODY),
  ]);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of (Object.keys(PROBLEMS) as ProblemCode[]).filter((each) => codes.has(each))) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
};

const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': '`Bearer`' },
  429: { 'Retry-After': 'Seconds to wait' },
  503: { 'Retry-After': 'Seconds to wait, where it is worth it' },
};

const problemOf = (status: number, codes: readonly ProblemCode[]): Json => ({
  description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
  ...headersOf(HEADERS[status] ?? {}),
  content: {
    'application/problem+json': { schema: { allOf: [ref('Problem'), { properties: { code: { enum: codes } } }] } },
  },
});
