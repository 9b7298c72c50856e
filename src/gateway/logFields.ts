import { traceIdOf } from '../contracts/traceparent';
import type { GatewayOrder } from './orders';

/** What a line of the log about an order says of it: ids alone, and the trace that its intent is part of, if it said so. */
export const logFields = ({
  runId: run,
  intentId: intent,
  clientOrderId,
  orderId,
  traceparent,
}: GatewayOrder): Readonly<Record<string, unknown>> => ({ run, intent, clientOrderId, orderId, ...traceField(traceparent) });

/** As OpenTelemetry names it in logs; nothing where there is no trace. */
export const traceField = (traceparent: string | undefined): Readonly<Record<string, unknown>> => {
  const trace_id = traceIdOf(traceparent);
  return trace_id === undefined ? {} : { trace_id };
};
