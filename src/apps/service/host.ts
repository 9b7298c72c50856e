/** The process as a service sees it: signals come, and where nothing else helps it ends. A port, so that tests have no process to lose. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

export interface Host {
  /** Calls `handler` for each of them; answers with the function that ends this. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** At once, whatever is going on. */
  exit(code: number): void;
}

/** What a shell shows of a process that a signal ended. */
export const SIGNAL_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export const processHost: Host = {
  onSignal: (handler) => {
    process.on('SIGTERM', handler);
    process.on('SIGINT', handler);
    return () => {
      process.off('SIGTERM', handler);
      process.off('SIGINT', handler);
    };
  },
  exit: (code) => process.exit(code),
};
