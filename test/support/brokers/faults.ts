/**
 * What can go wrong with one request to a simulated broker: whether it is carried out, and what comes back.
 *
 * The two are apart because the client sees the second and must guess the first.
 */
import type { Operation } from './dialect';

export interface Fault {
  /** `now`: the request is carried out, as without a fault. `never`. `later`: after `laterMs`, or when the test calls `letThrough()`. */
  readonly carriedOut: 'now' | 'never' | 'later';
  readonly laterMs?: number;
  readonly answer: FaultyAnswer;
}

/**
 * `right`: the answer as it should be. `hang`: none, and the connection stays. `reset`: none, and the connection is reset. `cutOff`: half of the
 * answer, then a reset. `stall`: half of it, then nothing. `flood`: nine million bytes. `truncated`: half of the JSON, as a complete answer. `doubled`: lists show each row twice. `overlapping`: a page repeats the
 * last row of the page before.
 */
export type FaultyAnswer =
  | {
      readonly type:
        | 'right'
        | 'hang'
        | 'reset'
        | 'cutOff'
        | 'stall'
        | 'flood'
        | 'truncated'
        | 'garbage'
        | 'wrongShape'
        | 'empty'
        | 'doubled'
        | 'overlapping';
    }
  | { readonly type: 'html'; readonly status: number }
  | { readonly type: 'slow'; readonly ms: number }
  /** `retryAfter`: the header, seconds or an HTTP date. `body`: instead of what the dialect says with this status. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfter?: string; readonly body?: string };

/** Which requests: all fields that are given must hold. */
export interface FaultScript {
  readonly operation?: Operation;
  readonly method?: string;
  readonly path?: RegExp;
  /** So many matching requests go right first; default 0. */
  readonly after?: number;
  /** For so many requests; default 1. */
  readonly times?: number;
  readonly fault: Fault;
}

const fault = (carriedOut: Fault['carriedOut'], answer: FaultyAnswer): Fault => ({ carriedOut, answer });

/** Each fault of an order request by name: `made…`: the broker has the order; `notMade…`: it has not; `madeLater…`: it will have. */
export const FAULTS = {
  madeThenHang: fault('now', { type: 'hang' }),
  madeThenReset: fault('now', { type: 'reset' }),
  madeThenCutOff: fault('now', { type: 'cutOff' }),
  madeThenStall: fault('now', { type: 'stall' }),
  madeThenFlood: fault('now', { type: 'flood' }),
  madeThenTruncated: fault('now', { type: 'truncated' }),
  madeThenGarbage: fault('now', { type: 'garbage' }),
  madeThenWrongShape: fault('now', { type: 'wrongShape' }),
  madeThenEmpty: fault('now', { type: 'empty' }),
  madeThenHtml: fault('now', { type: 'html', status: 200 }),
  madeThenHtml502: fault('now', { type: 'html', status: 502 }),
  madeThen408: fault('now', { type: 'status', status: 408 }),
  madeThen500: fault('now', { type: 'status', status: 500 }),
  madeThen502: fault('now', { type: 'status', status: 502 }),
  madeThen503: fault('now', { type: 'status', status: 503 }),
  madeThen504: fault('now', { type: 'status', status: 504 }),
  notMadeThenHang: fault('never', { type: 'hang' }),
  notMadeThenReset: fault('never', { type: 'reset' }),
  notMadeThenHtml502: fault('never', { type: 'html', status: 502 }),
  notMadeThen429: fault('never', { type: 'status', status: 429, retryAfter: '0' }),
  notMadeThen500: fault('never', { type: 'status', status: 500 }),
  notMadeThen502: fault('never', { type: 'status', status: 502 }),
  notMadeThen503: fault('never', { type: 'status', status: 503 }),
  notMadeThen504: fault('never', { type: 'status', status: 504 }),
  madeLaterThenHang: fault('later', { type: 'hang' }),
  madeLaterThenReset: fault('later', { type: 'reset' }),
  madeLaterThen504: fault('later', { type: 'status', status: 504 }),
  slow: fault('now', { type: 'slow', ms: 20 }),
  doubled: fault('now', { type: 'doubled' }),
  overlapping: fault('now', { type: 'overlapping' }),
} as const satisfies Record<string, Fault>;

/** Finds the fault of a request and counts it. The script that was added last goes first. */
export class FaultPlan {
  private readonly scripts: { readonly script: FaultScript; after: number; left: number }[] = [];

  constructor(scripts: readonly FaultScript[]) {
    for (const script of [...scripts].reverse()) this.add(script);
  }

  add(script: FaultScript): void {
    this.scripts.unshift({ script, after: script.after ?? 0, left: script.times ?? 1 });
  }

  clear(): void {
    this.scripts.length = 0;
  }

  of(operation: Operation, method: string, path: string): Fault | undefined {
    for (const entry of this.scripts) {
      const { script } = entry;
      if (entry.left <= 0 || (script.operation ?? operation) !== operation || (script.method ?? method) !== method) continue;
      if (script.path?.test(path) === false) continue;
      if (entry.after > 0) {
        entry.after -= 1;
        continue;
      }
      entry.left -= 1;
      return script.fault;
    }
    return undefined;
  }
}
