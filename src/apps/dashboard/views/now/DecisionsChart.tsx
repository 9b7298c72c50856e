import { Chart } from '../../components/Chart';
import { leftOutText, useCoverage } from '../../components/LeftOut';
import { Panel } from '../../components/Panel';
import type { MinuteCounts } from '../../journal/journalStore';
import { minuteText } from '../../format/time';
import { session } from '../../state/app';
import { clock, serverAhead } from '../../state/clock';
import type { RunFeed } from '../../state/runFeed';
import { useValue } from '../../state/useValue';
import { axisEnd } from './axisEnd';

const MOST_MINUTES = 60;
const FEWEST_MINUTES = 20;
const VERDICTS = ['ALLOW', 'MODIFY', 'DENY'] as const;
const NONE: MinuteCounts = { ALLOW: 0, MODIFY: 0, DENY: 0 };

/** The last hour, minute by minute: up to now while the run goes on, even when nothing is decided; of a run that has ended, its last. */
export const DecisionsChart = ({ feed }: { readonly feed: RunFeed }) => {
  const version = useValue(feed.version);
  const coverage = useCoverage(feed);
  const end = useEnd(feed);
  const { minutes } = feed.store;
  const lastMinute = Math.floor(end / 60_000);
  const firstMinute = [...minutes.keys()].reduce((first, minute) => Math.min(first, minute), lastMinute);
  const span = Math.min(MOST_MINUTES, Math.max(FEWEST_MINUTES, lastMinute - firstMinute + 1));
  const last = minutes.get(lastMinute) ?? NONE;
  // What is not here matters where its minutes are in sight.
  const counted = coverage.fromClock ?? Infinity;
  const leftOut = counted >= (lastMinute - span + 1) * 60_000 ? leftOutText(coverage) : undefined;
  const said = VERDICTS.map((verdict) => `${last[verdict]} ${verdict}`).join(', ');
  return (
    <Panel
      title="Decisions per minute"
      class="panel-chart"
      aside={
        <ul class="legend" aria-label={`Verdicts, and their decisions in the minute of ${minuteText(end)}`}>
          {VERDICTS.map((verdict) => (
            <li key={verdict} class={`legend-${verdict.toLowerCase()}`}>
              {verdict} <strong>{last[verdict]}</strong>
            </li>
          ))}
        </ul>
      }
    >
      <Chart
        minutes={minutes}
        lastMinute={lastMinute}
        span={span}
        version={version}
        label={`Decisions per minute over the last hour, by verdict. In the minute of ${minuteText(end)}: ${said}.`}
      />
      {leftOut !== undefined && <p class="warning">Not all decisions are counted: {leftOut}.</p>}
    </Panel>
  );
};

/** Where the axis ends, ms: the run's newest record, or now by the server's clock (when it was last heard), whichever is later. */
const useEnd = ({ runId, store }: RunFeed): number => {
  const asked = useValue(clock);
  const ahead = useValue(serverAhead);
  const asOf = useValue(session.asOf) ?? 0;
  const silent = useValue(session.problem) !== undefined;
  const active = useValue(session.runs).some(({ run_id, status }) => run_id === runId && status === 'ACTIVE');
  return axisEnd({ active, lastClock: store.lastClock, heardAt: silent ? asOf : asked, ahead });
};
