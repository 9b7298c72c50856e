/**
 * Whether what this container runs is well: the server's /readyz, a service's /ready where it has a monitoring port, and nothing where a command
 * serves nothing. Exit 0 or 1 with one line, which `docker inspect` shows.
 *
 * It reads what the program reads, in the same order: flags of the container's first process, the environment, the file of --config or
 * POLICYGATE_CONFIG. Arguments take the place of that process: `node healthcheck.mjs policygate serve --port 8200`.
 */
import { readFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { basename } from 'node:path';
import { parse } from 'yaml';

const TIME_LIMIT_MS = 4_000;

/** The words after the program's name; undefined: another program. Under `docker run --init` or `node` the program is not the first word. */
const programWords = (words) => {
  const at = words.findIndex((word) => /^policygate(-serve)?(\.js)?$|^policygateServe\.js$/.test(basename(word)));
  if (at === -1) return undefined;
  return /serve/i.test(basename(words[at])) ? ['serve', ...words.slice(at + 1)] : words.slice(at + 1);
};

const flagOf = (words, name) => {
  const at = words.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at === -1) return undefined;
  return words[at].includes('=') ? words[at].slice(name.length + 1) : words[at + 1];
};

const settingsFile = (words) => {
  const file = flagOf(words, '--config') ?? process.env.POLICYGATE_CONFIG;
  return file === undefined || file === '' ? {} : (parse(readFileSync(file, 'utf8')) ?? {});
};

/** A variable that is empty counts as not set, as for the program. */
const variable = (name) => (process.env[name] === '' ? undefined : process.env[name]);

/** What listens on every interface is asked on the loopback one. */
const reachable = (host) => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);

/** Where to ask; undefined: this command serves nothing. */
const question = (words) => {
  const [command] = words;
  const file = settingsFile(words);
  const address = (tls, host, port, path) => {
    const name = reachable(host);
    return `${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}${path}`;
  };
  if (command === 'serve') {
    const certificate =
      flagOf(words, '--tls-cert') ?? variable('POLICYGATE_HTTP_TLS_CERT_FILE') ?? file.http?.tls_cert_file ?? undefined;
    const host = flagOf(words, '--host') ?? variable('POLICYGATE_HTTP_HOST') ?? file.http?.host ?? '127.0.0.1';
    const port = flagOf(words, '--port') ?? variable('POLICYGATE_HTTP_PORT') ?? file.http?.port ?? 8100;
    return address(certificate !== undefined, host, port, '/readyz');
  }
  if (command !== 'processor' && command !== 'gateway') return undefined;
  const port = variable('POLICYGATE_MONITORING_PORT') ?? file.monitoring?.port;
  if (port === undefined) return undefined;
  return address(false, variable('POLICYGATE_MONITORING_HOST') ?? file.monitoring?.host ?? '127.0.0.1', port, '/ready');
};

const end = (code, line) => {
  console.log(line);
  process.exit(code);
};

const words = process.argv.length > 2 ? process.argv.slice(2) : readFileSync('/proc/1/cmdline', 'utf8').split('\0');
const url = question(programWords(words) ?? []);
if (url === undefined) end(0, 'this command serves nothing that could be asked');
// The certificate is for the name that callers use, which the loopback address is not; no secret is sent.
const [ask, options] = url.startsWith('https:') ? [getHttps, { rejectUnauthorized: false }] : [getHttp, {}];
ask(url, { ...options, timeout: TIME_LIMIT_MS }, (response) => {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk) => (text += chunk));
  response.on('end', () => end(response.statusCode === 200 ? 0 : 1, `${url}: ${response.statusCode} ${text.trim()}`));
})
  .on('timeout', () => end(1, `${url}: no answer within ${TIME_LIMIT_MS / 1_000} s`))
  .on('error', (error) => end(1, `${url}: ${error.message || error.code}`));
