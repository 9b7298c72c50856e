/** Strategies that send intents by HTTP at a steady rate. What was not answered they send again under the same id; what they were told is compared with the log. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random';
import { ask, jsonOf } from '../support/serve';
import type { Json } from '../support/program';
import { priceOf, SYMBOLS } from './runFiles';

export interface StrategiesOptions {
  readonly url: () => string;
  readonly token: string;
  /** Intents a second, of all together. */
  readonly rate: number;
  /** The run that is traded now. */
  readonly run: () => string;
  /** Whether every tenth intent brings prices along. */
  readonly prices: boolean;
  readonly random: Random;
}

/** What a sender was told of an intent: its verdict, or that it is on the log. */
export type Told = 'ALLOW' | 'MODIFY' | 'DENY' | 'pending';

const CLIENTS = 20;
const PAUSE_MS = 250;
/** A sender that stops waits so long for the answer to its last intent. */
const PATIENCE_MS = 60_000;

export class Strategies {
  /** By `run/intent`. */
  readonly told = new Map<string, Told>();
  readonly unexpected: string[] = [];
  /** Answers by status; 0: the connection broke. */
  readonly answers: Record<string, number> = {};
  private stopAt = Infinity;
  private next = 0;
  private clients: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StrategiesOptions) {}

  start(): void {
    this.clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => this.client(number)));
  }

  /** Resolves when every intent that was begun is answered, or was given up. */
  async stop(): Promise<void> {
    this.stopAt = performance.now();
    await this.clients;
  }

  private async client(number: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const everyMs = (CLIENTS / this.options.rate) * 1_000;
    let due = performance.now() + (everyMs * number) / CLIENTS;
    while (this.stopAt === Infinity) {
      await sleep(Math.max(0, due - performance.now()));
      await this.sendUntilAnswered(agent);
      due = Math.max(due + everyMs, performance.now() - 1_000);
    }
    agent.destroy();
  }

  private async sendUntilAnswered(agent: Agent): Promise<void> {
    const number = this.next++;
    const run = this.options.run();
    const body = JSON.stringify({ run_id: run, ...this.intentOf(number) });
    const wait = number % 50 === 0 ? '?wait=0' : '';
    for (;;) {
      const status = await this.attempt(agent, `${this.options.url()}/intent${wait}`, body, `${run}/h-${number}`);
      // A run that is not there, and was not begun yet, or a gate that takes nothing now: nothing is on the log for sure, or the next answer says what is.
      const isAnswered = status === 200 || status === 202 || status === 404;
      if (isAnswered || performance.now() > this.stopAt + PATIENCE_MS) return;
      await sleep(PAUSE_MS);
    }
  }

  private async attempt(agent: Agent, url: string, body: string, name: string): Promise<number> {
    const headers = { authorization: `Bearer ${this.options.token}` };
    const answer = await ask(agent, url, { method: 'POST', body, headers }).catch(() => undefined);
    const status = answer?.status ?? 0;
    this.answers[status] = (this.answers[status] ?? 0) + 1;
    if (status === 200 && answer !== undefined) this.told.set(name, jsonOf(answer).decision as Told);
    else if (status === 202) this.told.set(name, 'pending');
    else if (![0, 404, 429, 503].includes(status))
      this.unexpected.push(`${name}: ${status} ${(answer?.text ?? '').slice(0, 200)}`);
    return status;
  }

  /** Small orders to and fro; now and then one that is cut, or denied. */
  private intentOf(number: number): Json {
    const { random, prices } = this.options;
    const symbol = random.pick(SYMBOLS);
    const intent = {
      ...{
        intent_id: `h-${number}`,
        timestamp: '2026-02-24T09:30:01Z',
        strategy_id: `strategy-${number % 5}`,
        account_id: 'acct-1',
      },
      ...{ instrument: { symbol, asset_class: 'equity' }, side: random.chance(0.5) ? 'buy' : 'sell', order_type: 'market' },
      qty: random.chance(0.03) ? random.between(2_000, 9_000) : random.between(1, 40),
    };
    if (!prices || number % 10 !== 0) return { intent };
    const moved = { [symbol]: priceOf(symbol) + random.between(-5, 5) };
    return { intent, market_snapshot: { timestamp: '2026-02-24T09:30:00Z', prices: moved } };
  }
}
