/** What is answered to intents: documents, headers and problems. */
import { jsonString } from '../../contracts/json/write';
import { decisionText } from '../../contracts/documents/writeDocument';
import { Problem } from '../http/problem';
import type { Decided } from './submission';

/** The Decision as JSON, with how long it took as the record's header says. */
export const decidedText = ({ record, decision }: Decided): string => {
  const evalMs = Number(record.raw.headers.eval_ms ?? Number.NaN);
  return decisionText(decision, Number.isFinite(evalMs) ? evalMs : null);
};

export const decisionPath = (runId: string, intentId: string): string =>
  `/decisions/${encodeURIComponent(runId)}/${encodeURIComponent(intentId)}`;

/** Of every answer to an intent that is decided. Ids are written as in the path, since not every character may stand in a header. */
export const decidedHeaders = (runId: string, intentId: string, seq: number): Record<string, string> => ({
  'policygate-run': encodeURIComponent(runId),
  'policygate-seq': String(seq),
  location: decisionPath(runId, intentId),
});

export const pendingText = (runId: string, intentId: string): string =>
  `{"status":"pending","run_id":${jsonString(runId)},"intent_id":${jsonString(intentId)}}`;

export const conflict = (runId: string, intentId: string, decidedSeq: number): Problem =>
  new Problem('intent_conflict', {
    detail:
      `intent.intent_id: it was decided with another body (seq ${decidedSeq}); ` +
      'an order that differs needs an id of its own, and Location is where the decision is',
    field: 'intent.intent_id',
    expected: 'an id that was not used for another intent',
    headers: decidedHeaders(runId, intentId, decidedSeq),
    members: { decided_seq: decidedSeq },
  });

export const setAside = (reason: string): Problem =>
  new Problem('intent_set_aside', {
    detail: `the intent is on the log, and the processor could not take it: ${reason}; it will get no decision`,
    members: { reason },
  });
