import type { Decimal } from '../contracts/decimal';
import type { AuditRecord } from '../contracts/messages';
import type { RunState } from '../domain/state';
import type { FoldObserver, Measured } from '../processor/observer';

/** Several observers as one. */
export const allOf = (observers: readonly FoldObserver[]): FoldObserver => ({
  folding: () => {
    for (const observer of observers) observer.folding?.();
  },
  committing: () => {
    for (const observer of observers) observer.committing?.();
  },
  judged: (run, prices) => {
    for (const observer of observers) observer.judged?.(run, prices);
  },
  priced: (symbol) => {
    for (const observer of observers) observer.priced?.(symbol);
  },
  recorded: (record, hash, measured, traceparent) => {
    for (const observer of observers) observer.recorded?.(record, hash, measured, traceparent);
  },
  committed: async () => {
    for (const observer of observers) await observer.committed?.();
  },
});

/** Hears nothing of a processor's fold until it is opened: before that, `target` is told what the log holds already. */
export class DeferredObserver implements FoldObserver {
  readonly target: FoldObserver;
  private isOpen = false;

  constructor(observers: readonly FoldObserver[]) {
    this.target = allOf(observers);
  }

  open(): void {
    this.isOpen = true;
  }

  judged(run: RunState, prices: ReadonlyMap<string, Decimal>): void {
    if (this.isOpen) this.target.judged?.(run, prices);
  }

  priced(symbol: string): void {
    if (this.isOpen) this.target.priced?.(symbol);
  }

  recorded(record: AuditRecord, hash: Uint8Array, measured: Measured, traceparent: string | undefined): void {
    if (this.isOpen) this.target.recorded?.(record, hash, measured, traceparent);
  }

  committed(): void | Promise<void> {
    return this.isOpen ? this.target.committed?.() : undefined;
  }
}
