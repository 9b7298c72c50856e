import { api } from '../state/app';
import { useFetched } from '../state/useFetched';
import { dateTimeText } from '../format/time';
import { KillSwitchControls } from './now/KillSwitchPanel';

interface BannerProps {
  readonly run: string;
  /** Changes when the run's journal does. */
  readonly after: number;
}

/** Above every view while the kill switch is tripped: nothing else matters as much. */
export const KillSwitchBanner = ({ run, after }: BannerProps) => {
  const { data, refresh } = useFetched(`banner ${run}`, () => api.killSwitch(run), { after, everyMs: 5_000 });
  if (data?.active !== true) return null;
  const { last, every_run } = data;
  return (
    <section class="banner banner-bad" role="alert" aria-label="Kill switch">
      <div>
        <strong>Kill switch tripped{every_run ? ' for every run' : ''}: every order is denied.</strong>{' '}
        {last !== null && (
          <span>
            By {last.actor} at {dateTimeText(last.clock)}: {last.reason}
          </span>
        )}
      </div>
      <KillSwitchControls run={run} active onDone={refresh} />
    </section>
  );
};
