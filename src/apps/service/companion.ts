/** What works beside services, in the same process. Neither throws. */
export interface Companion {
  start(): void;
  stop(): Promise<void>;
}
