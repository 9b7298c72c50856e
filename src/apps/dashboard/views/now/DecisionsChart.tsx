import { Chart } from '../../components/Chart';
import { Panel } from '../../components/Panel';
import type { MinuteCounts } from '../../journal/journalStore';
import { minuteText } from '../../format/time';
import type { RunFeed } from '../../state/runFeed';
import { useValue } from '../../state/value';

const MOST_MINUTES = 60;
const FEWEST_MINUTES = 20;
const VERDICTS = ['ALLOW', 'MODIFY', 'DENY'] as const;
const NONE: MinuteCounts = { ALLOW: 0, MODIFY: 0, DENY: 0 };

/** The last hour of the run's own clock, minute by minute. */
export const DecisionsChart = ({ feed }: { readonly feed: RunFeed }) => {
  const version = useValue(feed.version);
  const { minutes, lastClock } = feed.store;
  const lastMinute = Math.floor(lastClock / 60_000);
  const firstMinute = Math.min(lastMinute, ...minutes.keys());
  const last = minutes.get(lastMinute) ?? NONE;
  const said = VERDICTS.map((verdict) => `${last[verdict]} ${verdict}`).join(', ');
  return (
    <Panel
      title="Decisions per minute"
      class="panel-chart"
      aside={
        <ul class="legend" aria-label="Verdicts, and their decisions in the last minute">
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
        span={Math.min(MOST_MINUTES, Math.max(FEWEST_MINUTES, lastMinute - firstMinute + 1))}
        version={version}
        label={`Decisions per minute over the last hour of the run’s clock, by verdict. At ${minuteText(lastClock)}: ${said}.`}
      />
    </Panel>
  );
};
