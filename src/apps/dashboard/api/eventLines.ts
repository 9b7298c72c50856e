/**
 * Server-sent events out of a stream of text, as the HTML standard defines them (section "Interpreting an event stream"). EventSource cannot send an
 * Authorization header, so the stream is read by fetch, and this reads the text.
 */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The id that held when it came: where to go on after it. */
  readonly id: string | undefined;
}

export class EventLines {
  #rest = '';
  #data: string[] = [];
  #event = '';
  #id: string | undefined;

  /** The events that are whole now. */
  take(text: string): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined; // a comment
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line.startsWith(' ', colon + 1) ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    if (field === 'event') this.#event = value;
    if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const data = this.#data;
    const event = this.#event;
    this.#data = [];
    this.#event = '';
    return data.length === 0 ? undefined : { event: event === '' ? 'message' : event, data: data.join('\n'), id: this.#id };
  }
}
