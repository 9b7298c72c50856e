/** A value that changes, and whoever listens: all state that several parts of the page share. */
import { useEffect, useState } from 'preact/hooks';

export class Value<T> {
  #current: T;
  readonly #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#current = initial;
  }

  get current(): T {
    return this.#current;
  }

  set(next: T): void {
    if (Object.is(next, this.#current)) return;
    this.#current = next;
    for (const listener of [...this.#listeners]) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value as it is now; the component is drawn again when it changes. */
export const useValue = <T>(value: Value<T>): T => {
  const [, draw] = useState(0);
  useEffect(() => {
    const again = (): void => draw((count) => count + 1);
    again(); // it may have changed between drawing and listening
    return value.listen(again);
  }, [value]);
  return value.current;
};
