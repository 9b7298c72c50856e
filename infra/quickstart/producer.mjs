/**
 * A strategy that trades over HTTP: it posts the intents of a file one after another, forever, and prints each answer as a line. Every second
 * round sells what the round before bought, so that the account does not fill up.
 *
 *   node producer.mjs INTENTS.jsonl
 *   GATE_URL          http://127.0.0.1:8100 unless set
 *   GATE_TOKEN_FILE   a file with the token to send; none: no token
 *   INTERVAL_SECONDS  from one intent to the next; 2 unless set
 *
 * An intent whose answer did not come is sent again, byte for byte, until it comes: the gate answers a repeated intent with the decision that it
 * made. Ends with 0 on SIGTERM or SIGINT, and with 2 and one line where no later try could help.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const TIME_LIMIT_MS = 15_000;
const PAUSE_MS = 1_000;
/** Answers that a later try can change. */
const FOR_NOW = new Set([408, 429, 500, 502, 503, 504]);

const fail = (line) => {
  console.error(`producer.mjs: ${line}`);
  process.exit(2);
};

const settings = () => {
  const [, , file] = process.argv;
  if (file === undefined) fail('expected a file of order intents, such as /app/scenarios/normal_day/intents.jsonl');
  const seconds = Number(process.env.INTERVAL_SECONDS || '2');
  if (!(seconds > 0 && seconds <= 3_600))
    fail(`INTERVAL_SECONDS: expected a number above 0, up to 3600, found "${process.env.INTERVAL_SECONDS}"`);
  const read = (path, what) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return fail(`${what}: ${error.message}`);
    }
  };
  const tokenFile = process.env.GATE_TOKEN_FILE;
  return {
    url: `${process.env.GATE_URL || 'http://127.0.0.1:8100'}/intent`,
    authorization: tokenFile ? { authorization: `Bearer ${read(tokenFile, 'GATE_TOKEN_FILE').trim()}` } : {},
    intents: read(file, file).trim().split('\n'),
    intervalMs: seconds * 1_000,
  };
};

const OTHER_SIDE = { buy: 'sell', sell: 'buy' };

/** An id of its own for each, since an intent that was decided is not decided again. A limit price would stop the way back. */
const intentOf = (line, start, round) => {
  const { limit_price: _, ...intent } = JSON.parse(line);
  const side = round % 2 === 0 ? intent.side : OTHER_SIDE[intent.side];
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  return { ...intent, intent_id: `${intent.intent_id}-${start}-${round}`, timestamp: now, side, order_type: 'market' };
};

/** The decision, or the problem document of an intent that cannot be decided. */
const decided = async ({ url, authorization }, body) => {
  for (;;) {
    try {
      const headers = { 'content-type': 'application/json', ...authorization };
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIME_LIMIT_MS) });
      const answer = await response.json();
      if (response.status === 401 || response.status === 403) fail(`${url}: ${answer.detail}`);
      if (response.status !== 202 && !FOR_NOW.has(response.status)) return answer;
      console.log(`${response.status} ${answer.detail ?? answer.status}; the same intent again in a second`);
    } catch (error) {
      console.log(`${error.cause?.message || error.message}; the same intent again in a second`);
    }
    await sleep(PAUSE_MS);
  }
};

const lineOf = ({ intent_id, side, qty, instrument }, answer) => {
  const asked = `${intent_id}  ${side} ${qty} ${instrument.symbol}`;
  if (answer.decision === undefined) return `${asked}  ${answer.status} ${answer.detail}`;
  const rules = (answer.violations ?? []).map(({ rule_id }) => rule_id).join(', ');
  return `${asked}  ${answer.decision}${rules === '' ? '' : `  ${rules}`}`;
};

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
const gate = settings();
const start = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
for (let round = 0; ; round += 1) {
  for (const line of gate.intents) {
    const intent = intentOf(line, start, round);
    console.log(lineOf(intent, await decided(gate, JSON.stringify({ intent }))));
    await sleep(gate.intervalMs);
  }
}
