import { ref } from '../http/documents/schemas';
import type { Route } from '../http/route';
import { answersInOrder } from './batch';
import { MOST_LINES, linesOf } from './batchLines';
import type { IntakeRouteOptions } from './intakeRouteOptions';
import { runFor } from './intentRequest';
import { WAIT_PARAMETERS, waitOf } from './waitPreference';
import { TRACE_PARAMETER, tracesOf } from '../tracing/requestTrace';

const NDJSON = 'application/x-ndjson';
const MOST_BYTES = 8 * 1024 * 1024;

/** POST /intents: a batch of intents of one run, answered in order as they are decided. */
export const intentsRoute = ({ intake, live, defaultRun }: IntakeRouteOptions): Route => ({
  method: 'POST',
  path: '/intents',
  operationId: 'submitIntents',
  summary: 'Submits a batch of intents; answers one line each, in order, as they are decided',
  description:
    `One OrderIntent a line, up to ${MOST_LINES} lines. A line that is invalid, in conflict or refused is answered in its place and changes nothing for the ` +
    'others; sending a batch again is always safe. Who takes no answers sends no more intents: the rest of the batch follows as the answers are read.',
  tag: 'intents',
  roles: ['submit'],
  parameters: [
    {
      name: 'run',
      in: 'query',
      description: 'Which run is meant, unless it is the server’s own',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 256 },
    },
    ...WAIT_PARAMETERS,
    TRACE_PARAMETER,
  ],
  body: { contentType: NDJSON, description: 'One OrderIntent a line', schema: ref('OrderIntent'), mostBytes: MOST_BYTES },
  answers: {
    200: {
      description: 'One line for each that is not blank: the Decision, or why there is none',
      contentType: NDJSON,
      schema: {
        anyOf: [
          ref('BatchLine'),
          {
            allOf: [
              ref('Pending'),
              { type: 'object', required: ['line'], properties: { line: { type: 'integer', minimum: 1 } } },
            ],
            description: 'Not decided in time; the intent is on the log and will be decided',
          },
        ],
      },
      headers: { 'Policygate-Run': 'Id of the run, percent-encoded', 'Preference-Applied': 'The `wait` that was followed' },
    },
  },
  problems: ['invalid_parameter', 'run_missing', 'run_not_found', 'payload_too_large', 'not_ready'],
  handle: (request) => {
    const { body, query, caller, signal } = request;
    const wait = waitOf(request);
    const runId = runFor(live, query.run, defaultRun(), 'run');
    const lines = linesOf(body);
    return {
      status: 200,
      contentType: NDJSON,
      headers: { 'policygate-run': encodeURIComponent(runId), ...wait.headers },
      body: answersInOrder(intake, lines, { runId, waitMs: wait.ms, caller, signal, trace: tracesOf(request) }),
    };
  },
});
