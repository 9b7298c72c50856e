/** One request and its answer, from its headers to its end: what the checks found out about it, and who is to be told when it ends early. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller, Route } from './route';

export class Exchange {
  readonly startedAt = performance.now();
  /** Undefined: no route of the API, but a file or nothing. */
  route: Route | undefined;
  caller: Caller | undefined;
  /** The answer has no end of its own, such as server-sent events. */
  endless = false;
  private controller: AbortController | undefined;
  private ended = false;

  constructor(readonly method: string) {}

  /** Made when it is first asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.ended) this.controller.abort();
    }
    return this.controller.signal;
  }

  /** The client has gone, or the server stops. */
  abort(): void {
    this.ended = true;
    this.controller?.abort();
  }
}

/** Exchanges that have not ended. */
export class Exchanges {
  private readonly open = new Set<Exchange>();
  private readonly bySocket = new WeakMap<Socket, Set<() => void>>();
  private stopped = false;
  private idle: (() => void) | undefined;

  /** `ended` is called once, when the answer was given to the system or the client has gone. */
  begin(
    exchange: Exchange,
    { socket }: IncomingMessage,
    response: ServerResponse,
    ended: (exchange: Exchange, response: ServerResponse) => void,
  ): void {
    this.open.add(exchange);
    const onSocket = this.endsOf(socket);
    const end = (): void => {
      if (!this.open.delete(exchange)) return;
      onSocket.delete(end);
      // Of an answer that was given whole, nobody need be told.
      if (exchange.endless || !response.writableEnded) exchange.abort();
      ended(exchange, response);
      if (this.open.size === 0) this.idle?.();
    };
    onSocket.add(end);
    response.once('close', end);
  }

  /** Node says nothing to an answer that waits behind another on the same connection when that is gone. */
  private endsOf(socket: Socket): Set<() => void> {
    const known = this.bySocket.get(socket);
    if (known !== undefined) return known;
    const ends = new Set<() => void>();
    this.bySocket.set(socket, ends);
    socket.once('close', () => {
      for (const end of ends) end();
    });
    return ends;
  }

  /** Counted as a stream from now on; one that begins while the server stops ends at once. */
  endless(exchange: Exchange): void {
    exchange.endless = true;
    if (this.stopped) exchange.abort();
  }

  get streams(): number {
    let count = 0;
    for (const { endless } of this.open) if (endless) count += 1;
    return count;
  }

  /** Ends streams whose caller is not one of `names` any more. */
  keepStreamsOf(known: (exchange: Exchange) => boolean): void {
    for (const exchange of this.open) if (exchange.endless && !known(exchange)) exchange.abort();
  }

  /** Streams end now; the others may take `withinMs`, then they are told to. */
  async drain(withinMs: number): Promise<void> {
    this.stopped = true;
    for (const exchange of this.open) if (exchange.endless) exchange.abort();
    await this.empty(withinMs);
    for (const exchange of this.open) exchange.abort();
  }

  /** Until nothing is open, or the time is over. */
  async empty(withinMs: number): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.idle = undefined;
  }
}
