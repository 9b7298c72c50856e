/** Verifies a chain in a worker. */
import { session } from '../state/app';
import type { VerifyNews, VerifyOrder } from './messages';

/** Name of the worker's file, put in by scripts/build.mjs. */
declare const CHAIN_WORKER: string;

/** Ends by itself when it has said its last; the function that it answers with ends it before. */
export const startVerification = (
  order: Omit<VerifyOrder, 'base' | 'token'>,
  heard: (news: VerifyNews) => void,
): (() => void) => {
  let stopped = false;
  const worker = new Worker(new URL(CHAIN_WORKER, document.baseURI));
  worker.onmessage = ({ data }: MessageEvent<VerifyNews>) => {
    if (stopped) return;
    if (data.kind !== 'progress') worker.terminate();
    heard(data);
  };
  worker.onerror = () => {
    worker.terminate();
    heard({ kind: 'problem', problem: 'The worker that verifies could not be started.' });
  };
  worker.postMessage({ ...order, base: document.baseURI, token: session.token } satisfies VerifyOrder);
  return () => {
    stopped = true; // what it has said already may still be on the way
    worker.terminate();
  };
};
