import { useEffect, useRef } from 'preact/hooks';
import type { DecisionDetail } from '../../api/documents';
import type { ShownRecord } from '../../chain/messages';
import { documentFields, Fields } from '../../components/Fields';
import { Hash } from '../../components/Hash';
import { ProblemLine } from '../../components/Panel';
import { OrderTag, VerdictTag } from '../../components/Verdict';
import { exactText } from '../../format/exact';
import { dateTimeText } from '../../format/time';
import { noteOf } from '../../journal/note';
import { api } from '../../state/app';
import type { RunFeed } from '../../state/runFeed';
import { useFetched } from '../../state/useFetched';
import { useValue } from '../../state/useValue';
import { EvidenceButton } from '../audit/EvidenceButton';
import { RecordCheck } from '../audit/RecordCheck';
import { RulesTable } from './RulesTable';

interface TimelineProps {
  readonly feed: RunFeed;
  readonly intent: string;
  /** Told where in the journal its decision is. */
  readonly onSeq: (seq: number) => void;
  readonly onClose: () => void;
}

/** Everything about one intent, from what was asked to what came of it. */
export const Timeline = ({ feed, intent, onSeq, onClose }: TimelineProps) => {
  const after = useValue(feed.version);
  const { data, problem } = useFetched(`decision ${feed.runId} ${intent}`, () => api.decision(feed.runId, intent), {
    after,
    atMostEveryMs: 1_000,
  });
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.closest('.side')?.scrollTo({ top: 0 }), [intent]);
  const seq = data?.seq;
  useEffect(() => {
    if (seq !== undefined) onSeq(seq);
  }, [seq]);
  return (
    <aside class="side" aria-label={`Timeline of ${intent}`}>
      <div class="side-head">
        <h2 ref={heading} title={intent}>
          {intent}
        </h2>
        {data !== undefined && <VerdictTag verdict={data.decision.decision} />}
        <button type="button" class="close" aria-label="Close the timeline (Escape)" title="Close (Escape)" onClick={onClose}>
          ×
        </button>
      </div>
      <ProblemLine problem={problem} />
      {data !== undefined && <Detail feedRun={feed.runId} detail={data} />}
    </aside>
  );
};

const Detail = ({ feedRun, detail }: { readonly feedRun: string; readonly detail: DecisionDetail }) => {
  const run = encodeURIComponent(detail.run_id);
  return (
    <>
      <p class="summary">{summaryOf(detail)}</p>
      <h3>Rules</h3>
      <RulesTable rules={detail.rules} />
      {detail.order !== null && (
        <>
          <h3>Order</h3>
          <p class="order-line">
            <OrderTag status={detail.order.status} /> {exactText(detail.order.cum_qty)} of {exactText(detail.order.qty)} filled,{' '}
            {exactText(detail.order.leaves_qty)} open
          </p>
        </>
      )}
      <h3>Timeline</h3>
      <ol class="timeline">
        {detail.timeline.map((row) => (
          <li key={row.seq} class={`timeline-${row.kind.toLowerCase().replaceAll('_', '-')}`}>
            <time>{dateTimeText(row.clock ?? row.clock_ms).slice(11)}</time>
            <a href={`#/audit?run=${run}&seq=${row.seq}`} title="The whole record">
              {row.seq}
            </a>
            <span>
              {row.kind === 'DECISION' ? (
                <VerdictTag verdict={detail.decision.decision} />
              ) : (
                <OrderTag status={(row.event ?? row.kind).replace(/^ORDER_/, '')} />
              )}{' '}
              {noteOf(row)}
            </span>
          </li>
        ))}
      </ol>
      <h3>Intent</h3>
      {detail.intent !== null && <Fields fields={documentFields(detail.intent)} />}
      <h3>Facts</h3>
      {detail.facts !== null && <Fields fields={documentFields(detail.facts)} />}
      <h3>Record</h3>
      <Fields
        fields={[
          ['Seq', <a href={`#/audit?run=${run}&seq=${detail.seq}`}>{detail.seq}</a>],
          ['Hash', <Hash label="Hash" value={detail.hash} />],
          ['Hash before', <Hash label="Hash before" value={detail.prev_hash} />],
          ['Policy', <Hash label="Policy hash" value={detail.policy_hash} />],
          ['Engine', detail.engine_version],
          ['Decided', dateTimeText(detail.clock)],
        ]}
      />
      <div class="actions actions-start">
        <RecordCheck run={feedRun} seq={detail.seq} prevHash={detail.prev_hash} shown={shownOf(detail)} />
        <EvidenceButton run={detail.run_id} intent={detail.intent_id} />
      </div>
    </>
  );
};

/** What of the timeline stands in the decision's record word for word. Rules that did not fire, the order and its fills are the server's account. */
const shownOf = (detail: DecisionDetail): ShownRecord => {
  const { run_id, seq, policy_hash, hash, prev_hash, engine_version, intent, facts, reference_price } = detail;
  // How long it took was measured, and is no part of the record.
  const decision = Object.fromEntries(Object.entries(detail.decision).filter(([name]) => name !== 'eval_ms'));
  return {
    document: {
      ...{ run_id, seq, policy_hash, hash, prev_hash, engine_version, intent, facts, clock: Date.parse(detail.clock) },
      decision: { ...decision, intent_id: detail.intent_id, reference_price },
    },
    partly: ['decision'],
  };
};

/** What was asked, and what was answered, as one would say it. */
const summaryOf = ({ intent, decision, reference_price, order }: DecisionDetail): string => {
  if (intent === null) return '';
  const { side, qty, instrument, order_type, limit_price, strategy_id } = intent;
  const at = order_type === 'limit' ? `at ${exactText(limit_price)} or better` : 'at the market';
  const asked = `${strategy_id} wants to ${side} ${exactText(qty)} ${instrument.symbol} ${at}`;
  const priced = reference_price === null ? 'there was no price' : `judged at ${exactText(reference_price)}`;
  if (decision.decision === 'DENY') return `${asked}; ${priced}: denied.`;
  return `${asked}; ${priced}: ${decision.decision === 'MODIFY' ? 'reduced to' : 'allowed,'} ${exactText(order?.qty)}.`;
};
