/**
 * The trace that an intent over HTTP is part of: the sender's, where it says so, else one of its own. Nothing is exported and no span is made here, so the
 * sender's is handed on as it came: whoever follows it later finds the sender's span as the parent. `tracestate` is not carried on.
 * Source: W3C Trace Context, "Processing Model"; docs/adr/0012.
 */
import { randomBytes } from 'node:crypto';
import { TRACEPARENT, traceIdOf, validTraceparent } from '../../contracts/traceparent';
import type { ApiRequest, Parameter } from '../http/route';

const TRACE_BYTES = 16;
const PARENT_BYTES = 8;
/** Version 00, not sampled: nobody here records spans. */
const newTraceparent = (): string => {
  const random = randomBytes(TRACE_BYTES + PARENT_BYTES).toString('hex');
  return `00-${random.slice(0, 2 * TRACE_BYTES)}-${random.slice(2 * TRACE_BYTES)}-00`;
};

/** What is no traceparent is passed over, as if it were not there. */
export const traceOf = (request: Pick<ApiRequest, 'header'>): string =>
  validTraceparent(request.header(TRACEPARENT)) ?? newTraceparent();

/** What was sent is given to all of a batch; without it, each has one of its own. */
export const tracesOf = (request: Pick<ApiRequest, 'header'>): (() => string) => {
  const sent = validTraceparent(request.header(TRACEPARENT));
  return sent === undefined ? newTraceparent : () => sent;
};

/** Of an answer: by what the logs and the records of this intent are found. */
export const TRACE_HEADER = 'Policygate-Trace';
export const traceHeader = (traceparent: string): Readonly<Record<string, string>> => ({
  [TRACE_HEADER.toLowerCase()]: traceIdOf(traceparent) ?? '',
});

export const TRACE_PARAMETER: Parameter = {
  name: TRACEPARENT,
  in: 'header',
  description:
    'W3C Trace Context: goes with the intent to its decision, its audit records and the events of its order; what is none is passed over',
  required: false,
  schema: { type: 'string' },
};
