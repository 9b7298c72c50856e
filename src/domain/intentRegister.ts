/**
 * Every intent that a run has decided: how a repeat is told from a conflict, and which order a fill belongs to.
 *
 * Open orders are objects. What is denied or terminal will hardly be looked at again, and there may be millions: each of those is packed
 * into one short string (well under 150 bytes with its key), with strategy and symbol as numbers of a table.
 */
import type { Decimal } from '../contracts/decimal';
import type { IntentEntity, OrderStatus, RuleId, Verdict } from '../contracts/messages';
import { RULE_IDS } from '../contracts/messages';

export type IntentState = Omit<IntentEntity, 'kind'>;

const VERDICTS: readonly Verdict[] = ['ALLOW', 'MODIFY', 'DENY'];
const STATUSES: readonly OrderStatus[] = ['NONE', 'WORKING', 'FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED'];
const DIGEST_BYTES = 8;
const MOST_CLOSING = 1_024;
const FIRST_RULE = 65;

export class IntentRegister {
  private readonly open = new Map<string, IntentState>();
  /** Closed since the last `pack`: about to be written down, so not worth packing yet. */
  private readonly closing = new Map<string, IntentState>();
  private readonly closed = new Map<string, string>();
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  get size(): number {
    return this.open.size + this.closing.size + this.closed.size;
  }

  has(intentId: string): boolean {
    return this.closed.has(intentId) || this.open.has(intentId) || this.closing.has(intentId);
  }

  get(intentId: string): IntentState | undefined {
    const whole = this.open.get(intentId) ?? this.closing.get(intentId);
    if (whole !== undefined) return whole;
    const packed = this.closed.get(intentId);
    return packed === undefined ? undefined : this.unpack(packed);
  }

  set(intentId: string, intent: IntentState): void {
    if (intent.status === 'WORKING') {
      this.delete(intentId);
      this.open.set(intentId, intent);
    } else {
      this.open.delete(intentId);
      this.closed.delete(intentId);
      this.closing.set(intentId, intent);
      if (this.closing.size >= MOST_CLOSING) this.packClosed();
    }
  }

  /** Packs what was closed since the last time. Changes nothing that can be asked. */
  packClosed(): void {
    for (const [intentId, intent] of this.closing) this.closed.set(intentId, this.pack(intent));
    this.closing.clear();
  }

  /** Orders that are not known to be terminal, in the order in which they were admitted. */
  working(): IterableIterator<[string, IntentState]> {
    return this.open.entries();
  }

  /** A restore drops what an ended run had decided. */
  delete(intentId: string): void {
    this.open.delete(intentId);
    this.closing.delete(intentId);
    this.closed.delete(intentId);
  }

  /** Everything, for a restore: unpacks each closed intent. */
  *all(): Generator<IntentState> {
    yield* this.open.values();
    yield* this.closing.values();
    for (const packed of this.closed.values()) yield this.unpack(packed);
  }

  ids(): string[] {
    return [...this.closed.keys(), ...this.closing.keys(), ...this.open.keys()];
  }

  private pack(intent: IntentState): string {
    let digest = '';
    for (let i = 0; i < DIGEST_BYTES; i++) digest += String.fromCharCode(intent.digest[i] ?? 0);
    const rules = intent.rule_ids.map((id) => String.fromCharCode(FIRST_RULE + RULE_IDS.indexOf(id as RuleId))).join('');
    const cum = intent.cum_qty === intent.qty ? '' : intent.cum_qty.toString(36);
    const kind = `${VERDICTS.indexOf(intent.decision)}${STATUSES.indexOf(intent.status)}${intent.side === 'buy' ? 'b' : 's'}`;
    // join, unlike +, makes one flat string.
    return [
      `${digest}${kind}${intent.seq.toString(36)}`,
      intent.decided_at.toString(36),
      intent.qty.toString(36),
      cum,
      this.numberOf(intent.strategy_id).toString(36),
      this.numberOf(intent.symbol).toString(36),
      rules,
    ].join(',');
  }

  private unpack(packed: string): IntentState {
    const digest = new Uint8Array(DIGEST_BYTES);
    for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = packed.charCodeAt(i);
    const [seq = '', decidedAt = '', qty = '', cum = '', strategy = '', symbol = '', rules = ''] = packed
      .slice(DIGEST_BYTES + 3)
      .split(',');
    const admitted = bigintOf(qty);
    return {
      digest,
      decision: VERDICTS[packed.charCodeAt(DIGEST_BYTES) - 48] ?? 'DENY',
      status: STATUSES[packed.charCodeAt(DIGEST_BYTES + 1) - 48] ?? 'NONE',
      side: packed[DIGEST_BYTES + 2] === 'b' ? 'buy' : 'sell',
      seq: Number.parseInt(seq, 36),
      decided_at: Number.parseInt(decidedAt, 36),
      qty: admitted,
      cum_qty: cum === '' ? admitted : bigintOf(cum),
      strategy_id: this.names[Number.parseInt(strategy, 36)] ?? '',
      symbol: this.names[Number.parseInt(symbol, 36)] ?? '',
      rule_ids: Array.from(rules, (letter) => RULE_IDS[letter.charCodeAt(0) - FIRST_RULE] ?? 'SYS-002'),
    };
  }

  private numberOf(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.names.push(name);
      this.numbers.set(name, number);
    }
    return number;
  }
}

/** Reads what `bigint.toString(36)` wrote: ten digits at a time stay exact in a number. */
const bigintOf = (text: string): Decimal => {
  const negative = text.startsWith('-');
  let value = 0n;
  for (let at = negative ? 1 : 0; at < text.length; at += 10) {
    const digits = text.slice(at, at + 10);
    value = value * 36n ** BigInt(digits.length) + BigInt(Number.parseInt(digits, 36));
  }
  return (negative ? -value : value) as Decimal;
};
