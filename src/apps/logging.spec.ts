import fc from 'fast-check';
import { kafkaLog, openLog } from './logging';
import type { LogLevel } from './logging';
import type { Logger } from './service/logger';

const logged = (write: (log: Logger) => void, level: LogLevel = 'debug'): Record<string, unknown>[] => {
  const lines: string[] = [];
  write(openLog(level, { write: (line) => void lines.push(line) }));
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    return JSON.parse(line) as Record<string, unknown>;
  });
};

const one = (fields: Record<string, unknown>, message = 'm'): Record<string, unknown> =>
  logged((log) => log.info(fields, message))[0]!;

it('writes one JSON object a line, with the level by name and the time in RFC 3339', () => {
  const line = one({ shard: 3 }, 'shard taken over');
  expect(line).toEqual({ level: 'info', time: line.time, pid: process.pid, shard: 3, msg: 'shard taken over' });
  expect(new Date(line.time as string).toISOString()).toBe(line.time);
});

it.each([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
] as const)('at %s writes %j', (level, expected) =>
  expect(
    logged((log) => {
      for (const each of ['error', 'warn', 'info', 'debug'] as const) log[each]({}, 'm');
    }, level).map((line) => line.level),
  ).toEqual(expected),
);

it('a child adds its fields to every line, and its own children theirs', () =>
  expect(
    logged((log) => log.child({ service: 'gateway', password: 'p' }).child({ shard: 1 }).warn({ topic: 't' }, 'm'))[0],
  ).toMatchObject({ level: 'warn', service: 'gateway', password: '[redacted]', shard: 1, topic: 't' }));

it('hides what is named like a secret, and shows what only resembles it', () =>
  expect(
    one({
      sasl: { mechanism: 'plain', username: 'u', password: 'x' },
      request: { headers: [{ Authorization: 'x' }], apiKey: 'x', accessToken: 'x' },
      SCHEMA_REGISTRY_PASSWORD: 'x',
      key: 'run-1',
      passed: 3,
      tls: true,
    }),
  ).toMatchObject({
    sasl: '[redacted]',
    request: { headers: [{ Authorization: '[redacted]' }], apiKey: '[redacted]', accessToken: '[redacted]' },
    SCHEMA_REGISTRY_PASSWORD: '[redacted]',
    key: 'run-1',
    passed: 3,
    tls: true,
  }));

it('hides secrets inside texts, the message and errors', () => {
  const error = Object.assign(new Error('GET http://user:hunter2@registry:8081 failed', { cause: 'Basic dXNlcjpodW50ZXIy' }), {
    code: 'ECONNRESET',
    config: { auth: 'hunter2' },
  });
  const line = one(
    { err: error, pem: '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----' },
    'at https://u:hunter2@h/x',
  );
  expect(line).toMatchObject({
    err: { type: 'Error', code: 'ECONNRESET', message: 'GET http://[redacted]@registry:8081 failed', cause: 'Basic [redacted]' },
    pem: '[redacted]',
    msg: 'at https://[redacted]@h/x',
  });
  expect(JSON.stringify(line)).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
});

it('never shows bytes, and gets through anything', () => {
  const circle: Record<string, unknown> = { big: 10n ** 20n, bytes: Buffer.from('secret'), map: new Map([['token', 'x']]) };
  circle.self = circle;
  const line = one(circle);
  expect(line).toMatchObject({ big: '100000000000000000000', bytes: '[6 bytes]', map: { token: '[redacted]' } });
  expect(JSON.stringify(line)).toContain('[deeper]');
});

it('keeps fields apart from those that every line has', () =>
  expect(one({ level: 'L', msg: 'M', time: 'T', pid: 'P' }, 'real')).toMatchObject({
    level: 'info',
    msg: 'real',
    level_: 'L',
    msg_: 'M',
    time_: 'T',
    pid_: 'P',
  }));

it('shows no secret, wherever in the fields it stands under its name', () =>
  fc.assert(
    fc.property(
      fc.stringMatching(/^Zq[a-z0-9]{12}$/),
      fc.constantFrom('password', 'Token', 'authorization', 'clientSecret', 'sasl', 'api_key'),
      fc.array(fc.oneof(fc.constantFrom('a', 'config', 'err'), fc.constant(0)), { maxLength: 8 }),
      (secret, name, path) => {
        const fields = path.reduce<unknown>((value, step) => (step === 0 ? [value] : { [step]: value }), { [name]: secret });
        expect(JSON.stringify(logged((log) => log.child({ fields }).error({ fields }, 'm')))).not.toContain(secret);
      },
    ),
  ));

it('passes on what the Kafka client says, at its level', () =>
  expect(logged((log) => kafkaLog(log)('warn', 'broker gone', { broker: 'b:1', sasl: { password: 'x' } }))[0]).toMatchObject({
    level: 'warn',
    msg: 'broker gone',
    broker: 'b:1',
    sasl: '[redacted]',
  }));
