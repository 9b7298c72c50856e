import type { PolicyHistory, PolicyText } from '../../api/documents';
import { Hash } from '../../components/Hash';
import { Name } from '../../components/Name';
import { Panel, ProblemLine } from '../../components/Panel';
import { Table } from '../../components/Table';
import { dateTimeText } from '../../format/time';
import { api } from '../../state/app';
import type { RunFeed } from '../../state/runFeed';
import type { Fetched } from '../../state/useFetched';
import { useFetched } from '../../state/useFetched';
import { useValue } from '../../state/useValue';
import { ActiveLimits } from './ActiveLimits';
import { Candidate } from './Candidate';
import { RefusedEdit } from './RefusedEdit';

/** By which limits the run is judged, since when, and what another policy would change. */
export const Policy = ({ feed }: { readonly feed: RunFeed }) => {
  const run = feed.runId;
  const after = useValue(feed.version);
  const asOfNow = useFetched(`run ${run}`, () => api.run(run), { after, everyMs: 5_000 });
  const hash = asOfNow.data?.policy_hash ?? null;
  const policies = useFetched('policies', () => api.policies(), { after, atMostEveryMs: 1_000, everyMs: 3_000 });
  const text = useFetched(hash === null ? undefined : `policy ${hash}`, () => api.policy(hash ?? ''));
  const history = useFetched(`policy history ${run} ${hash ?? ''}`, () => api.policyHistory(run), {
    after,
    atMostEveryMs: 2_000,
  });
  return (
    <div class="view view-policy">
      <h1 class="unseen">Policy</h1>
      <RefusedEdit policies={policies.data} />
      {policies.data?.refused === null && policies.data.watching !== null && (
        <p class="hint">Edits of {policies.data.watching} are activated as they are saved.</p>
      )}
      <div class="policy-columns">
        <div class="column">
          <ActiveLimits feed={feed} policyHash={hash} />
          <ActiveText answer={text} />
        </div>
        <div class="column">
          <Candidate key={run} run={run} policyHash={hash} activeText={text.data?.text} onActivated={history.refresh} />
          <History answer={history} />
        </div>
      </div>
    </div>
  );
};

const ActiveText = ({ answer: { data, problem } }: { readonly answer: Fetched<PolicyText> }) => (
  <Panel title="Text in force" aside={data !== undefined && <Hash label="Policy hash" value={data.policy_hash} />}>
    <ProblemLine problem={problem} />
    {data?.warnings.map((warning) => (
      <p key={warning} class="warning">
        {warning}
      </p>
    ))}
    {data !== undefined && (
      <pre class="policy-text" tabIndex={0} role="region" aria-label="Text of the policy in force">
        {data.text.split('\n').map((line, index) => (
          <span key={index} class={line.trimStart().startsWith('#') ? 'comment' : ''}>
            {line}
            {'\n'}
          </span>
        ))}
      </pre>
    )}
  </Panel>
);

const NAMES: Readonly<Record<string, string>> = { RunStarted: 'run started', PolicyActivated: 'activated' };

const History = ({ answer: { data, problem } }: { readonly answer: Fetched<PolicyHistory> }) => (
  <Panel title="History">
    <ProblemLine problem={problem} />
    <Table
      caption="Every policy that was put in force, and every refused try, newest first"
      rows={[...(data?.history ?? [])].reverse()}
      keyOf={({ seq }) => String(seq)}
      empty="No policy has been put in force yet."
      columns={[
        { head: 'When (UTC)', cell: ({ clock }) => dateTimeText(clock).slice(0, 19) },
        {
          head: 'What',
          cell: ({ type, taken }) => (
            <span class={taken ? 'state' : 'state state-bad'}>{taken ? (NAMES[type] ?? type) : 'refused'}</span>
          ),
        },
        { head: 'Policy', cell: ({ policy_hash }) => <Hash label="Policy hash" value={policy_hash} /> },
        { head: 'By', cell: ({ actor }) => <Name>{actor}</Name> },
        { head: 'Reason', cell: ({ reason, note }) => <Name>{note === null ? reason : `${reason} (${note})`}</Name> },
      ]}
    />
  </Panel>
);
