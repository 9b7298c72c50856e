import type { Status } from '../../api/documents';
import { Fields } from '../../components/Fields';
import { Money } from '../../components/Money';
import { Panel, ProblemLine } from '../../components/Panel';
import { StateTag } from '../../components/StateTag';
import { exactText } from '../../format/exact';
import { dateTimeText, spanText } from '../../format/time';
import { api, session } from '../../state/app';
import type { RunFeed } from '../../state/runFeed';
import { useStale } from '../../state/staleness';
import { useFetched } from '../../state/useFetched';
import { useValue } from '../../state/useValue';
import { RefusedEdit } from '../policy/RefusedEdit';
import { DecisionsChart } from './DecisionsChart';
import { KillSwitchPanel } from './KillSwitchPanel';
import { LimitCard } from './LimitCard';
import { AccountTotals, Positions, Strategies } from './Totals';

/** How the run stands at this moment. */
export const Now = ({ feed }: { readonly feed: RunFeed }) => {
  const run = feed.runId;
  const after = useValue(feed.version);
  const status = useValue(session.status);
  const portfolio = useFetched(`portfolio ${run}`, () => api.portfolio(run), { after, everyMs: 5_000 });
  const killSwitch = useFetched(`kill switch ${run}`, () => api.killSwitch(run), { after, everyMs: 5_000 });
  const accounts = useFetched('accounts', () => api.accounts(), { after, atMostEveryMs: 2_000, everyMs: 10_000 });
  const policies = useFetched('policies', () => api.policies(), { after, atMostEveryMs: 2_000, everyMs: 3_000 });
  const stale = useStale(portfolio);
  const { data } = portfolio;
  return (
    <div class={`view view-now ${stale === undefined ? '' : 'old'}`}>
      <h1 class="unseen">Now</h1>
      {stale !== undefined && (
        <p class="warning">
          <strong>Not of now.</strong> What stands here is {stale}.
        </p>
      )}
      <RefusedEdit policies={policies.data} />
      <ProblemLine problem={portfolio.problem} />
      <section class="cards" aria-label="Equity and limits">
        {data !== undefined && (
          <div class="card card-equity">
            <div class="card-title">
              <h2>Equity</h2>
              <span class="rule">{data.equity_mode}</span>
            </div>
            <p class="figure">
              <Money value={data.equity} />
            </p>
            <p class="card-foot">
              <span>start of day</span>
              <span>
                <Money value={data.start_of_day_equity} />
              </span>
            </p>
            <p class="card-foot">
              <span>peak</span>
              <span>
                <Money value={data.peak_equity} />
              </span>
            </p>
          </div>
        )}
        {data?.limits.map((limit) => (
          <LimitCard key={limit.metric} {...limit} />
        ))}
      </section>
      <div class="now-middle">
        <DecisionsChart feed={feed} />
        <div class="now-side">
          <KillSwitchPanel run={run} answer={killSwitch} />
          {status !== undefined && <Service status={status} />}
        </div>
      </div>
      {data !== undefined && (
        <div class="now-tables">
          <div class="now-side">
            <Strategies portfolio={data} />
            <AccountTotals answer={accounts} />
          </div>
          <Positions portfolio={data} />
        </div>
      )}
    </div>
  );
};

const Service = ({ status }: { readonly status: Status }) => {
  const answered = { asOf: useValue(session.asOf), problem: useValue(session.problem) };
  return (
    <Panel
      title="Service"
      aside={<StateTag level={status.ready ? 'good' : 'bad'} text={status.ready ? 'ready' : 'NOT READY'} answered={answered} />}
    >
      {status.problems.length > 0 && (
        <ul class="problems" aria-label="Why it is not ready">
          {status.problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      <Fields
        fields={[
          ['Feed lag', status.feed_lag_ms === null ? 'no price yet' : spanText(status.feed_lag_ms)],
          ['Intents waiting', exactText(status.waiting)],
          ['Bus', status.bus],
          ['Engine', status.engine_version],
          ['Up since', dateTimeText(status.started_at)],
        ]}
      />
    </Panel>
  );
};
