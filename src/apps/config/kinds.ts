/**
 * The kinds of values that settings have, beside those that documents have: addresses, paths, names for a cluster. They are read the same way
 * from the file and from the environment. What may carry a secret is not shown when it is refused.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { quoted } from '../../contracts/contractError';
import { listOf } from '../../contracts/documents/collections';
import { Refusal, refuse } from '../../contracts/documents/kinds';
import type { Fault, Kind } from '../../contracts/documents/kinds';
import type { JsonValue } from '../../contracts/json/value';
import { TOPICS } from '../../contracts/topics';
import type { SaslMechanism } from '../../bus/kafka/options';

/** Kafka's bound for the name of a topic, in characters. */
const LONGEST_TOPIC = 249;
export const LONGEST_PREFIX = LONGEST_TOPIC - Math.max(...TOPICS.map((topic) => topic.length));
export const LONGEST_LABEL = 200;
export const MOST_BROKERS = 100;
const LONGEST_PATH = 4_096;
const LONGEST_URL = 2_048;
/** Of a name in DNS. */
const LONGEST_HOST = 253;
export const LONGEST_SECRET = 4_096;

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

const refused = (message: string): Refusal => new Refusal([{ path: [], message }]);

const textThat = (expected: string, holds: (text: string) => boolean): Kind<string> => ({
  read: (value) => (typeof value === 'string' && holds(value) ? value : refuse(expected, value)),
  schema: { type: 'string' },
});

/** A name that the cluster knows something by: a group, a client. */
export const label = textThat(
  `1 to ${LONGEST_LABEL} letters, digits, dots, underscores or hyphens`,
  (text) => text.length <= LONGEST_LABEL && /^[a-zA-Z0-9._-]+$/.test(text),
);

export const topicPrefix = textThat(
  `at most ${LONGEST_PREFIX} letters, digits, dots, underscores or hyphens, as Kafka's topics may have in their names`,
  (text) => text.length <= LONGEST_PREFIX && /^[a-zA-Z0-9._-]*$/.test(text),
);

const isHost = (text: string): boolean =>
  /^[0-9.]+$/.test(text)
    ? isIPv4(text)
    : text.length <= LONGEST_HOST && /^[a-zA-Z0-9_](?:[a-zA-Z0-9._-]*[a-zA-Z0-9_])?$/.test(text) && !text.includes('..');

/** Where to listen, or whose certificate to expect. */
export const host = textThat('the name of a host or an IP address, without a port', (text) => isHost(text) || isIPv6(text));

const BROKER = 'the address of a broker as `host:port`, such as "127.0.0.1:9092"';

const broker: Kind<string> = {
  read: (value) => {
    if (typeof value !== 'string') return refuse(BROKER, value);
    if (value.includes('@')) return refused(`expected ${BROKER}, without a user or a password; those are set under sasl`);
    const [, address = '', port = ''] = /^(.*):([0-9]{1,5})$/.exec(value) ?? [];
    // kafkajs splits the address at its first colon (2.2.4, connectionPoolBuilder.js), so it would dial a host called `[`.
    if (isIPv6(address) || isIPv6(address.replace(/^\[(.*)\]$/, '$1')) || isIPv6(value))
      return refuse(
        'a host that has a name, since the Kafka client cannot dial an IPv6 address; name it in DNS or /etc/hosts',
        value,
      );
    return isHost(address) && isPort(port) ? value : refuse(BROKER, value);
  },
  schema: { type: 'string' },
};

const isPort = (digits: string): boolean => /^[1-9]/.test(digits) && Number(digits) <= 65_535;

const brokerList = listOf(broker, 'addresses as `host:port`');

export const brokers: Kind<readonly string[]> = {
  read: (value) => {
    const list = brokerList.read(value);
    if (list instanceof Refusal) return list;
    if (list.length === 0) return refused('expected at least one address as `host:port`, found none');
    if (list.length > MOST_BROKERS) return refused(`expected at most ${MOST_BROKERS} addresses, found ${list.length}`);
    const faults: Fault[] = [];
    const seen = new Set<string>();
    for (const [index, each] of list.entries()) {
      if (seen.has(each.toLowerCase()))
        faults.push({ path: [index], message: `expected each broker once, found ${quoted(each)} again` });
      seen.add(each.toLowerCase());
    }
    return faults.length === 0 ? list : new Refusal(faults);
  },
  schema: { type: 'array' },
};

/** The root of an HTTP API; a slash at its end is dropped. Anything that could carry a secret is not repeated. */
const rootOf = (example: string, login: string): Kind<string> => {
  const expected = `an http or https address such as "${example}"`;
  return {
    read: (value) => {
      if (typeof value !== 'string') return refuse(expected, value);
      if (value.includes('@')) return refused(`expected ${expected} without a user or a password; ${login}`);
      const url = URL.canParse(value) ? new URL(value) : undefined;
      if (/[?#]/.test(value)) return refused(`expected ${expected}, without a query or a fragment`);
      // A browser's parser forgives `http:host` and spaces; a setting should be what it looks like.
      const plain = value.length <= LONGEST_URL && /^https?:\/\/[!-~]+$/i.test(value) && !value.includes('\\');
      return url !== undefined && plain && url.port !== '0' ? value.replace(/\/+$/, '') : refuse(expected, value);
    },
    schema: { type: 'string' },
  };
};

/** Of the schema registry. */
export const httpRoot = rootOf(
  'http://127.0.0.1:8081',
  'set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD_FILE, or `username` and `password_file` under `schema_registry`',
);
/** Of a broker's API. */
export const brokerRoot = rootOf('https://paper-api.alpaca.markets', 'the credentials of a broker are settings of their own');

/** Whoever puts a key or a password where its file's name belongs should not find it in a log. */
const unshown = (expected: string, longest: number): Kind<string> => ({
  read: (value: JsonValue | undefined) => {
    if (typeof value !== 'string') return refuse(expected, value);
    if (value === '') return refused(`expected ${expected}, found an empty text`);
    if (value.length > longest) return refused(`expected ${expected} of at most ${longest} characters, found ${value.length}`);
    if (value.includes('-----BEGIN')) return refused(`expected ${expected}, found what looks like the contents of the file`);
    return CONTROL.test(value) ? refused(`expected ${expected}, found control characters or line ends in it`) : value;
  },
  schema: { type: 'string' },
});

export const path = unshown('the path of a file or a directory', LONGEST_PATH);
export const username = unshown('the name of a user', LONGEST_LABEL);
export const secret = unshown('a password', LONGEST_SECRET);

/** It is sent in a header, which holds nothing else. */
const forHeader = (expected: string, longest: number): Kind<string> => {
  const text = unshown(expected, longest);
  return {
    read: (value) => {
      const read = text.read(value);
      return read instanceof Refusal || /^[!-~]+$/.test(read)
        ? read
        : refused(`expected ${expected}, found spaces or letters beyond ASCII in it`);
    },
    schema: { type: 'string' },
  };
};

export const keyId = forHeader('the id of an API key', LONGEST_LABEL);
/** The secret of an API key, or an access token. */
export const credential = forHeader('a secret of a broker', LONGEST_SECRET);

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const satisfies readonly SaslMechanism[];

/** Brokers write them in capitals. */
export const mechanism: Kind<SaslMechanism> = {
  read: (value) =>
    MECHANISMS.find((each) => typeof value === 'string' && each === value.toLowerCase()) ??
    refuse('`plain`, `scram-sha-256` or `scram-sha-512`', value),
  schema: { type: 'string', enum: [...MECHANISMS] },
};
