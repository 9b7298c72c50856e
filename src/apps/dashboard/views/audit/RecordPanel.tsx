import { useState } from 'preact/hooks';
import type { AuditDocument } from '../../api/documents';
import { startVerification } from '../../chain/startVerification';
import { Hash } from '../../components/Hash';
import { ProblemLine } from '../../components/Panel';
import { dateTimeText } from '../../format/time';
import { announce } from '../../state/announcements';
import { api } from '../../state/app';
import { useFetched } from '../../state/useFetched';
import { EvidenceButton } from './EvidenceButton';

interface RecordPanelProps {
  readonly run: string;
  readonly seq: number;
  readonly onClose: () => void;
}

/** One audit record, whole, and what its hash says of it. */
export const RecordPanel = ({ run, seq, onClose }: RecordPanelProps) => {
  const { data, problem } = useFetched(`record ${run} ${seq}`, () => api.record(run, seq));
  return (
    <aside class="side" aria-label={`Record ${seq}`}>
      <div class="side-head">
        <h2>Record {seq}</h2>
        {data !== undefined && <span class="kind">{data.kind}</span>}
        <button type="button" class="close" aria-label="Close the record (Escape)" title="Close (Escape)" onClick={onClose}>
          ×
        </button>
      </div>
      <ProblemLine problem={problem} />
      {data !== undefined && <RecordBody key={seq} run={run} record={data} />}
    </aside>
  );
};

const RecordBody = ({ run, record }: { readonly run: string; readonly record: AuditDocument }) => {
  const intent = intentOf(record);
  const address = encodeURIComponent(run);
  return (
    <>
      <p class="summary">
        {dateTimeText(record.clock)} UTC · hash <Hash label="Hash" value={record.hash} /> · before it{' '}
        <Hash label="Hash before" value={record.prev_hash} />
      </p>
      <div class="actions actions-start">
        <RecordCheck run={run} record={record} />
        {intent !== undefined && <a href={`#/blotter/${address}/${encodeURIComponent(intent)}`}>Timeline of {intent}</a>}
        {intent !== undefined && record.kind === 'DECISION' && <EvidenceButton run={run} intent={intent} />}
      </div>
      <pre class="record" tabIndex={0} role="region" aria-label="The record as JSON">
        {JSON.stringify(record, null, 2)}
      </pre>
      <div class="actions actions-start">
        {record.seq > 0 && <a href={`#/audit?run=${address}&seq=${record.seq - 1}`}>← seq {record.seq - 1}</a>}
        <a href={`#/audit?run=${address}&seq=${record.seq + 1}`}>seq {record.seq + 1} →</a>
      </div>
    </>
  );
};

/** Whether the hash that is shown is that of the bytes and the hash before it. */
const RecordCheck = ({ run, record }: { readonly run: string; readonly record: AuditDocument }) => {
  const [said, setSaid] = useState<string | undefined>(undefined);
  const hex = (text: string): string => text.replace(/^sha256:/, '');
  const check = (): void => {
    startVerification({ run, from: record.seq, before: hex(record.prev_hash), most: 1 }, (news) => {
      if (news.kind === 'progress') return;
      const holds = news.kind === 'done' && news.lastHash === hex(record.hash);
      const text = holds
        ? '✓ hash verified here'
        : news.kind === 'problem'
          ? news.problem
          : '✕ the hash is not that of this record';
      setSaid(text);
      announce(text);
    });
  };
  return said === undefined ? (
    <button type="button" onClick={check}>
      Verify this hash
    </button>
  ) : (
    <span class={said.startsWith('✓') ? 'verified' : 'problem'}>{said}</span>
  );
};

/** The intent that a record is about. */
const intentOf = (record: AuditDocument): string | undefined => {
  for (const part of ['intent', 'execution', 'decision']) {
    const document = record[part];
    if (typeof document !== 'object' || document === null) continue;
    const { intent_id } = document as { readonly intent_id?: unknown };
    if (typeof intent_id === 'string') return intent_id;
  }
  return undefined;
};
