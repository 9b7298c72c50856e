/** GET /events: every audit record as it is committed, as server-sent events. */
import { LONGEST_NAME } from '../../../contracts/intentFault';
import type { AuditKind } from '../../../contracts/messages';
import { AUDIT_RECORDS } from '../../../contracts/topics';
import type { JournalPosition } from '../../live/live';
import { Problem } from '../problem';
import type { ApiRequest, Parameter, Route } from '../route';
import { EVENT_KINDS, eventStream } from './eventStream';
import type { QuestionOptions } from './questionOptions';
import { inQuery, READERS } from './routeParts';

const MOST_CLIENTS = 64;
const HEARTBEAT_MS = 15_000;

/** Next offset of each shard in `audit-records`; one zero: the beginning of all. */
const POSITION = /^[0-9]{1,15}(,[0-9]{1,15})*$/;
const POSITION_SCHEMA = { type: 'string', pattern: POSITION.source };

const PARAMETERS: readonly Parameter[] = [
  inQuery('run', 'Only records of this run', { type: 'string', minLength: 1, maxLength: LONGEST_NAME }),
  inQuery('kinds', 'Only records of these kinds, between commas', {
    type: 'array',
    items: { type: 'string', enum: EVENT_KINDS },
  }),
  inQuery(
    'after',
    'Where to go on: the id of an event, or 0 for the first record of the log; default: what comes from now on',
    POSITION_SCHEMA,
  ),
  {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'As `after`; a browser that comes back sends it, and it comes first',
    required: false,
    schema: POSITION_SCHEMA,
  },
];

export const eventRoute = (options: QuestionOptions): Route => {
  const { heartbeatMs = HEARTBEAT_MS } = options;
  let clients = 0;
  return {
    method: 'GET',
    path: '/events',
    operationId: 'followEvents',
    summary: 'Every audit record as it is committed, as server-sent events',
    description:
      'The event is the kind in lower case with hyphens, its data a Row with run_id, its id where to go on. A reader that comes back with Last-Event-ID misses nothing and sees nothing twice.',
    tag: 'audit',
    roles: READERS,
    parameters: PARAMETERS,
    answers: {
      200: { description: 'Events, until the client goes', contentType: 'text/event-stream', schema: { type: 'string' } },
    },
    problems: ['invalid_parameter', 'rate_limited', 'not_ready'],
    handle: async (request) => {
      const kinds = kindsOf(request.query.kinds);
      const from = await positionOf(options, request);
      if (clients >= MOST_CLIENTS)
        throw new Problem('rate_limited', {
          detail: `${MOST_CLIENTS} clients follow events already; close one, or come back later`,
          headers: { 'retry-after': '5' },
        });
      clients += 1;
      const { signal } = request;
      // Whatever becomes of the answer, its client's place is free once the client has gone.
      if (signal.aborted) clients -= 1;
      else signal.addEventListener('abort', () => void (clients -= 1), { once: true });
      const body = eventStream(options.live, { from, runId: request.query.run, kinds, heartbeatMs, signal, log: options.log });
      return { status: 200, contentType: 'text/event-stream; charset=utf-8', body };
    },
  };
};

const kindsOf = (text: string | undefined): ReadonlySet<AuditKind> | undefined => {
  if (text === undefined) return undefined;
  const kinds = text.split(',').map((each) => EVENT_KINDS.find((kind) => kind === each));
  const known = kinds.filter((kind) => kind !== undefined);
  if (known.length === kinds.length) return new Set(known);
  const expected = `some of ${EVENT_KINDS.join(', ')}, between commas`;
  throw new Problem('invalid_parameter', {
    detail: `kinds: not what is expected; expected ${expected}`,
    field: 'kinds',
    expected,
  });
};

/** Where the client goes on. Throws a Problem on what is no position of this log. */
const positionOf = async ({ live, bus }: QuestionOptions, request: ApiRequest): Promise<JournalPosition> => {
  const header = request.header('last-event-id');
  // An EventSource that has heard of no id yet sends an empty one, or none.
  const field = header === undefined || header === '' ? 'after' : 'Last-Event-ID';
  const text = field === 'after' ? request.query.after : header;
  if (text === undefined) {
    if (live.shards.length > 0) return [...live.position()];
    throw new Problem('not_ready', { detail: 'the log is not read yet; ask again', headers: { 'retry-after': '1' } });
  }
  if (text === '0') return new Array<number>(bus.shards).fill(0);
  const offsets = POSITION.test(text) ? text.split(',').map(Number) : [];
  if (offsets.length !== bus.shards) throw noPosition(field, bus.shards);
  for (const [partition, offset] of offsets.entries()) {
    if (offset > (await bus.endOffset(AUDIT_RECORDS, partition))) throw noPosition(field, bus.shards);
  }
  return offsets;
};

const noPosition = (field: string, shards: number): Problem => {
  const form = shards === 1 ? 'a whole number' : `${shards} whole numbers between commas`;
  const expected = `the id of an event of this log (${form}), or 0`;
  return new Problem('invalid_parameter', { detail: `${field}: not what is expected; expected ${expected}`, field, expected });
};
