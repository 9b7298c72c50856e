/** Connections that send what is no HTTP, or nothing in time: they are told so where they wait for an answer, and closed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { rawProblem } from './answer';
import { problemOfConnection } from './problemOf';

interface Last {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class ConnectionErrors {
  private readonly last = new WeakMap<Socket, Last>();

  /** The request that a connection is at. */
  began(request: IncomingMessage, response: ServerResponse): void {
    this.last.set(request.socket, { request, response });
  }

  readonly handle = (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code !== 'ECONNRESET' && socket.writable && this.awaitsAnswer(socket))
      socket.write(rawProblem(problemOfConnection(error)));
    socket.destroy();
  };

  /**
   * Not after an answer has begun; nor while a request that came whole is being dealt with: what is wrong came after it, and the client would take
   * this for its answer.
   */
  private awaitsAnswer(socket: Socket): boolean {
    const last = this.last.get(socket);
    if (last === undefined || last.response.writableFinished) return true;
    return !last.response.headersSent && !last.request.complete;
  }
}
