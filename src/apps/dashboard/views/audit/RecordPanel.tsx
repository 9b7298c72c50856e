import type { AuditDocument } from '../../api/documents';
import { Hash } from '../../components/Hash';
import { ProblemLine } from '../../components/Panel';
import { dateTimeText } from '../../format/time';
import { api } from '../../state/app';
import { useFetched } from '../../state/useFetched';
import { EvidenceButton } from './EvidenceButton';
import { RecordCheck } from './RecordCheck';

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
      {data !== undefined && <RecordBody key={seq} run={run} seq={seq} record={data} />}
    </aside>
  );
};

interface RecordBodyProps {
  readonly run: string;
  /** That was asked for: what the record says of itself is not taken for it. */
  readonly seq: number;
  readonly record: AuditDocument;
}

const RecordBody = ({ run, seq, record }: RecordBodyProps) => {
  const intent = intentOf(record);
  const address = encodeURIComponent(run);
  return (
    <>
      <p class="summary">
        {dateTimeText(record.clock)} UTC · hash <Hash label="Hash" value={record.hash} /> · before it{' '}
        <Hash label="Hash before" value={record.prev_hash} />
      </p>
      <div class="actions actions-start">
        <RecordCheck run={run} seq={seq} prevHash={record.prev_hash} shown={{ document: record, partly: 'nowhere' }} />
        {intent !== undefined && <a href={`#/blotter/${address}/${encodeURIComponent(intent)}`}>Timeline of {intent}</a>}
        {intent !== undefined && record.kind === 'DECISION' && <EvidenceButton run={run} intent={intent} />}
      </div>
      <pre class="record" tabIndex={0} role="region" aria-label="The record as JSON">
        {JSON.stringify(record, null, 2)}
      </pre>
      <div class="actions actions-start">
        {seq > 0 && <a href={`#/audit?run=${address}&seq=${seq - 1}`}>← seq {seq - 1}</a>}
        <a href={`#/audit?run=${address}&seq=${seq + 1}`}>seq {seq + 1} →</a>
      </div>
    </>
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
