import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registeredSchemas, registerSchemas, subjectStates } from '../../src/bus/kafka/schemaRegistry';
import { Codec } from '../../src/contracts/avro/codec';
import { exampleIntent } from '../../src/contracts/avro/examples';
import { schemaText, SUBJECTS } from '../../src/contracts/avro/schemas';
import { describeKafka, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';

interface RecordJson {
  doc?: string;
  fields: { name: string; type: unknown; default?: unknown }[];
}
const changedIntent = (change: (schema: RecordJson) => void) => {
  const schema = JSON.parse(schemaText('OrderIntent')) as RecordJson;
  change(schema);
  return [{ subject: 'order-intents-value' as const, text: JSON.stringify(schema) }];
};
const withVenue = changedIntent(({ fields }) => void fields.push({ name: 'venue', type: ['null', 'string'], default: null }));

describeKafka('a schema registry', () => {
  jest.setTimeout(30_000);
  let registry: { readonly url: string };
  let prefix: string;
  beforeEach(() => {
    const { registryUrl, topicPrefix } = kafkaUnderTest();
    registry = { url: registryUrl };
    prefix = topicPrefix;
  });

  it('without our schemas says what to run', () =>
    expect(registeredSchemas(registry, prefix)).rejects.toThrow(
      new RegExp(`does not have our schema of ${prefix}.*run .policygate topics create.`),
    ));

  it('takes them once, and gives the same ids ever after', async () => {
    const first = await registerSchemas(registry, prefix);
    expect(first.map(({ subject, created }) => ({ subject, created }))).toEqual(
      SUBJECTS.map(({ subject }) => ({ subject: `${prefix}${subject}`, created: true })),
    );
    const again = await registerSchemas(registry, prefix);
    expect(again).toEqual(first.map((one) => ({ ...one, created: false })));
    const { ids } = await registeredSchemas(registry, prefix);
    expect([...ids].map(([subject, id]) => ({ subject: `${prefix}${subject}`, id }))).toEqual(
      first.map(({ subject, id }) => ({ subject, id })),
    );
    for (const state of await subjectStates(registry, prefix)) expect(state.compatibility).toBe('FULL_TRANSITIVE');
  });

  it('takes a schema that grew; both versions are read by both programs', async () => {
    await registerSchemas(registry, prefix);
    const before = await registeredSchemas(registry, prefix);
    const [grown] = await registerSchemas(registry, prefix, withVenue);
    expect(grown?.created).toBe(true);
    expect(grown?.id).not.toBe(before.ids.get('order-intents-value'));
    const after = await registeredSchemas(registry, prefix);
    // This program still writes its own, and can read the newer one.
    expect(after.ids).toEqual(before.ids);
    expect([...after.schemas.keys()]).toEqual(expect.arrayContaining([...before.schemas.keys(), grown?.id]));
    const codec = new Codec(after);
    const bytes = codec.encodeValue('order-intents', exampleIntent);
    bytes.writeUInt32BE(grown?.id ?? 0, 1);
    expect(codec.decodeValue('order-intents', Buffer.concat([bytes, Buffer.of(0)]))).toMatchObject({
      ok: true,
      value: exampleIntent,
    });
    // The newer program finds its own.
    expect((await registeredSchemas(registry, prefix, withVenue)).ids.get('order-intents-value')).toBe(grown?.id);
  });

  it('is not given another version when only words changed', async () => {
    const [first] = await registerSchemas(registry, prefix);
    const [again] = await registerSchemas(
      registry,
      prefix,
      changedIntent((schema) => (schema.doc = 'Other words.')),
    );
    expect(again).toEqual({ ...first, created: false });
  });

  it('is not given a schema that lost a field', async () => {
    await registerSchemas(registry, prefix);
    await expect(
      registerSchemas(
        registry,
        prefix,
        changedIntent(({ fields }) => void fields.shift()),
      ),
    ).rejects.toMatchObject({
      name: 'SchemaError',
      message: expect.stringMatching(
        /order-intents-value does not fit version 1 .*add fields with defaults, remove none without$/,
      ),
    });
  });

  it('of another strictness is left alone', async () => {
    const subject = `${prefix}order-intents-value`;
    await registerSchemas(registry, prefix);
    await fetch(`${registry.url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ compatibility: 'BACKWARD' }),
    });
    await expect(registerSchemas(registry, prefix)).rejects.toThrow(
      `has ${subject} with compatibility BACKWARD; expected FULL_TRANSITIVE`,
    );
  });

  it('gives no foreign ids: a record of another subject is a dead letter', async () => {
    await registerSchemas(registry, prefix);
    const codec = new Codec(await registeredSchemas(registry, prefix));
    const foreign = codec.encodeValue('order-intents', exampleIntent);
    expect(codec.decodeValue('market-prices', foreign)).toMatchObject({ ok: false, error: { reason: 'UNKNOWN_SCHEMA_ID' } });
  });
});

describe('a schema registry that fails', () => {
  jest.setTimeout(15_000);
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const answering = async (answer: (response: ServerResponse, method: string) => void) => {
    const started = createServer((request, response) => {
      answer(response, request.method ?? '');
    }).listen(0, '127.0.0.1');
    server = started;
    await new Promise((resolve) => started.once('listening', resolve));
    const { port } = started.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/api/`, username: 'me', password: 'very-secret' };
  };
  const none = '{"error_code":40401,"message":"no"}';

  it.each([
    [
      'refuses the login',
      (response: ServerResponse) => response.writeHead(401).end('{"message":"no"}'),
      'refuses the credentials (401); check',
    ],
    ['fails', (response: ServerResponse) => response.writeHead(500).end('null'), 'answered 500; look into its log'],
    ['is a web page', (response: ServerResponse) => response.end('<html>'), 'does not answer like a schema registry'],
    [
      'is at another path',
      (response: ServerResponse) => response.writeHead(404).end('{"status":404}'),
      'does not answer like a schema registry',
    ],
    ['talks of something else', (response: ServerResponse) => response.end('{"a":1}'), 'gave an answer without sense'],
    ['hangs up', (response: ServerResponse) => response.destroy(), 'cannot be reached (ECONNRESET)'],
    [
      'refuses a schema',
      (response: ServerResponse, method: string) =>
        method === 'GET'
          ? response.writeHead(404).end(none)
          : response.writeHead(method === 'POST' ? 409 : 200).end('{"message":"two\\nlines"}'),
      'refuses our schema of x-order-intents-value (409: policygate - two lines); add fields with defaults',
    ],
  ])('%s: one line, without the password', async (_, answer, expected) => {
    const registry = await answering(answer);
    const error = await registerSchemas(registry, 'x-').then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.name).toBe('SchemaError');
    expect(error?.message).toContain(expected);
    expect(error?.message).toContain('http://127.0.0.1:');
    expect(error?.message).not.toMatch(/very-secret|\n|me:/);
  });

  it('is not there', () =>
    expect(registeredSchemas({ url: 'http://127.0.0.1:1' }, 'x-')).rejects.toThrow('cannot be reached (ECONNREFUSED)'));

  it('sends the login, and never in the address', async () => {
    const seen: (string | undefined)[] = [];
    const started = createServer((request, response) => {
      seen.push(request.headers.authorization, request.url);
      response.writeHead(404).end(none);
    }).listen(0, '127.0.0.1');
    server = started;
    await new Promise((resolve) => started.once('listening', resolve));
    const { port } = started.address() as AddressInfo;
    await expect(registeredSchemas({ url: `http://127.0.0.1:${port}`, username: 'me', password: 'pw' }, 'x-')).rejects.toThrow(
      'does not have our schema',
    );
    expect(seen).toContain(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    expect(seen).toContain('/subjects/x-order-intents-value/versions');
  });

  it.each([
    ['when it is looked up', () => undefined],
    [
      'when it is registered',
      (response: ServerResponse, method: string) => {
        if (method === 'GET') response.writeHead(404).end(none);
        if (method === 'PUT') response.end('{}');
      },
    ],
  ])('never answers %s: an answer of ours within 10 s', async (_, answer) => {
    const registry = await answering(answer);
    const startedAt = performance.now();
    await expect(registerSchemas(registry, 'x-')).rejects.toThrow('does not answer in time');
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
