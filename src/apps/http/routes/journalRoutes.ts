/** GET /runs/{run}/journal, /runs/{run}/journal/{seq}, /runs/{run}/chain. */
import { auditText } from '../../../contracts/documents/recordTexts';
import { LiveError } from '../../live/live';
import type { JournalRecord } from '../../live/live';
import { jsonString } from '../../../contracts/json/write';
import { rowText } from '../documents/rows';
import { Problem } from '../problem';
import type { ApiRequest, Route } from '../route';
import { journalPage } from './journalPages';
import type { QuestionOptions } from './questionOptions';
import { inPath, inQuery, jsonAnswer, READERS, RUN, runOf } from './routeParts';

const MOST_RECORDS = 5_000;
const RECORDS = 1_000;
const HASH_BYTES = 32;
const LENGTH_BYTES = 4;

const WHOLE = { type: 'integer', minimum: 0, maximum: 1e15 - 1 };
const PAGE = [
  inQuery('from_seq', 'Seq of the first record', { ...WHOLE, default: 0 }),
  inQuery('limit', 'How many records at most', { type: 'integer', minimum: 1, maximum: MOST_RECORDS, default: RECORDS }),
];
const SEQ = inPath('seq', 'Seq of the record', WHOLE);

export const journalRoutes = ({ live, codec }: QuestionOptions): readonly Route[] => [
  {
    method: 'GET',
    path: '/runs/{run}/journal',
    operationId: 'listJournal',
    summary: 'Rows of the run’s audit records, by seq',
    tag: 'audit',
    roles: READERS,
    parameters: [RUN, ...PAGE],
    answers: { 200: jsonAnswer('Journal', 'Some rows, and the seq of the run’s next record') },
    problems: ['invalid_parameter', 'run_not_found', 'not_ready'],
    handle: async (request) => {
      const { run = '' } = request.params;
      const { items, nextSeq } = await journalPage(live, run, pageOf(request), (record) => rowText(record));
      return { status: 200, body: `{"run_id":${jsonString(run)},"rows":[${items.join(',')}],"next_seq":${nextSeq}}` };
    },
  },
  {
    method: 'GET',
    path: '/runs/{run}/journal/{seq}',
    operationId: 'getAuditRecord',
    summary: 'One audit record, whole',
    tag: 'audit',
    roles: READERS,
    parameters: [RUN, SEQ],
    answers: { 200: jsonAnswer('AuditRecord', 'As `policygate tail` prints it') },
    problems: ['invalid_parameter', 'run_not_found', 'record_not_found', 'not_ready'],
    handle: async ({ params: { run = '', seq: text = '' } }) => {
      runOf(live, run);
      const seq = wholeOf('seq', text, 0, WHOLE.maximum);
      const record = (await live.journal(run, seq, 1)).find(({ head }) => head.seq === seq);
      if (record === undefined)
        throw new Problem('record_not_found', { detail: `seq: the run has no audit record ${seq}, so far`, field: 'seq' });
      const { record: audit, hash } = record.sealed();
      return { status: 200, body: auditText(audit, hash) };
    },
  },
  {
    method: 'GET',
    path: '/runs/{run}/chain',
    operationId: 'getChain',
    summary: 'What the chain of the run is made of, for whoever verifies it alone',
    description:
      'For each record four bytes (big-endian: how long the rest is), 32 bytes of its hash, then the bytes of it that were hashed: hash = SHA-256(prev_hash ‖ bytes), and prev_hash is the hash of the record before, zeros for seq 0.',
    tag: 'audit',
    roles: READERS,
    parameters: [RUN, ...PAGE],
    answers: {
      200: {
        description: 'Frames of the records, by seq',
        contentType: 'application/octet-stream',
        schema: { type: 'string', format: 'binary' },
        headers: { 'Policygate-Next-Seq': 'Seq of the run’s next record' },
      },
    },
    problems: ['invalid_parameter', 'run_not_found', 'not_ready'],
    handle: async (request) => {
      const frame = (record: JournalRecord): Uint8Array => frameOf(record, codec.headerBytes);
      const { items, nextSeq } = await journalPage(live, request.params.run ?? '', pageOf(request), frame);
      return {
        status: 200,
        contentType: 'application/octet-stream',
        headers: { 'policygate-next-seq': String(nextSeq) },
        body: Buffer.concat(items),
      };
    },
  },
];

const pageOf = ({ query: { from_seq: from = '0', limit = String(RECORDS) } }: ApiRequest) => ({
  from: wholeOf('from_seq', from, 0, WHOLE.maximum),
  limit: wholeOf('limit', limit, 1, MOST_RECORDS),
});

const wholeOf = (field: string, text: string, least: number, most: number): number => {
  const value = /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const expected = `a whole number from ${least} to ${most}`;
  throw new Problem('invalid_parameter', { detail: `${field}: not what is expected; expected ${expected}`, field, expected });
};

/** The record as it stands on the topic: header, body, hash. Nothing is decoded, so nothing can be mistaken. */
const frameOf = ({ head, raw }: JournalRecord, headerBytes: number): Uint8Array => {
  const { value } = raw;
  if (value === null || value.length < headerBytes + HASH_BYTES)
    throw new LiveError(`audit record ${head.seq} of run \`${head.run_id}\` is too short to be one`);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + value.length - headerBytes);
  const end = value.length - HASH_BYTES;
  frame.writeUInt32BE(value.length - headerBytes, 0);
  frame.set(value.subarray(end), LENGTH_BYTES);
  frame.set(value.subarray(headerBytes, end), LENGTH_BYTES + HASH_BYTES);
  return frame;
};
