import { useEffect } from 'preact/hooks';
import type { KillSwitch } from '../api/documents';
import { dateTimeText } from '../format/time';
import { api } from '../state/app';
import { useStale } from '../state/staleness';
import { useFetched } from '../state/useFetched';
import { useMonitors } from './ModeBanner';
import { KillSwitchControls } from './now/KillSwitchControls';

interface BannerProps {
  readonly run: string;
  /** Changes when the run's journal does. */
  readonly after: number;
}

/** Above every view while the kill switch is tripped: nothing else matters as much. */
export const KillSwitchBanner = ({ run, after }: BannerProps) => {
  const answer = useFetched(`banner ${run}`, () => api.killSwitch(run), { after, everyMs: 5_000 });
  const stale = useStale(answer);
  const monitors = useMonitors(run);
  if (answer.data?.active !== true) return null;
  const { last, every_run } = answer.data;
  return (
    <section class="banner banner-bad" role="alert" aria-label="Kill switch">
      <FocusKeeper />
      <div class="banner-text">
        <strong>
          Kill switch tripped{every_run ? ' for every run' : ''}: {effectOf(answer.data, monitors)}
        </strong>{' '}
        {last !== null && (
          <span>
            By <bdi>{last.actor}</bdi> at {dateTimeText(last.clock)}: <bdi>{last.reason}</bdi>
          </span>
        )}
        {stale !== undefined && <em> This is {stale}; how it stands now is unknown.</em>}
      </div>
      <KillSwitchControls run={run} active monitors={monitors} onDone={answer.refresh} />
    </section>
  );
};

/** Source: docs/brokers.md, "The kill switch": a run that monitors is stopped by people alone, and at the gateway. */
const effectOf = ({ last }: KillSwitch, monitors: boolean): string => {
  if (!monitors) return 'every order is denied.';
  return last === null || last.cause === 'OPERATOR'
    ? 'the gateway sends no order. Decisions still say ALLOW, since the run only monitors.'
    : 'it stops nothing, since the run only monitors and a limit tripped it. Orders are allowed and sent; a trip by a person stops them.';
};

/** The button that had the focus goes with the banner: the focus goes to the view then, and not back to the top of the page. */
const FocusKeeper = () => {
  useEffect(
    () => () => {
      setTimeout(() => {
        if (document.activeElement === document.body) document.getElementById('content')?.focus();
      }, 0);
    },
    [],
  );
  return null;
};
