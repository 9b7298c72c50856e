import { session } from '../state/app';
import { useValue } from '../state/useValue';

/** Whether the run only monitors: it then denies nothing that can be judged at all. */
export const useMonitors = (run: string): boolean => {
  const runs = useValue(session.runs);
  return runs.find(({ run_id }) => run_id === run)?.mode === 'monitor';
};

/** Above every view: who reads ALLOW must know that it says nothing of the limits. */
export const ModeBanner = ({ run }: { readonly run: string }) =>
  useMonitors(run) ? (
    <section class="banner banner-warning" aria-label="Mode">
      <span>
        <strong>MONITOR: decisions are not enforced.</strong> Violations of the limits are listed, and the orders are allowed all
        the same.
      </span>
    </section>
  ) : null;
