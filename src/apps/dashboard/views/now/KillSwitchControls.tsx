import { useState } from 'preact/hooks';
import { SignedDialog } from '../../components/SignedDialog';
import { api, session } from '../../state/app';

interface ControlsProps {
  readonly run: string;
  readonly active: boolean;
  /** The run's mode is monitor. */
  readonly monitors: boolean;
  readonly onDone: () => void;
}

/** Trip or reset, for this run or for all; for others, why they cannot. */
export const KillSwitchControls = ({ run, active, monitors, onDone }: ControlsProps) => {
  const [asking, setAsking] = useState<'trip' | 'reset' | undefined>(undefined);
  const [everyRun, setEveryRun] = useState(false);
  if (!session.mayOperate) return <p class="hint">To trip or reset it, sign in with a token that has the role operate.</p>;
  const closed = (): void => {
    setAsking(undefined);
    setEveryRun(false);
    onDone();
  };
  return (
    <div class="actions actions-start">
      {active ? (
        <button type="button" class="main" onClick={() => setAsking('reset')}>
          Reset kill switch…
        </button>
      ) : (
        <button type="button" class="grave" onClick={() => setAsking('trip')}>
          Trip kill switch…
        </button>
      )}
      {asking !== undefined && (
        <SignedDialog
          title={asking === 'trip' ? 'Trip the kill switch' : 'Reset the kill switch'}
          button={asking === 'trip' ? 'Trip' : 'Reset'}
          grave={asking === 'trip'}
          type={asking === 'trip' ? 'KillSwitchTripped' : 'KillSwitchReset'}
          run={everyRun ? undefined : run}
          send={(signed) => api.turnKillSwitch(everyRun ? undefined : run, { action: asking, ...signed })}
          onClose={closed}
        >
          <p>{EFFECTS[asking][monitors ? 'monitors' : 'enforces']}</p>
          <label class="check">
            <input type="checkbox" checked={everyRun} onChange={(event) => setEveryRun(event.currentTarget.checked)} />
            <span>
              For every run, not for <bdi>{run}</bdi> alone
            </span>
          </label>
        </SignedDialog>
      )}
    </div>
  );
};

const EFFECTS = {
  trip: {
    enforces: 'Every order is denied from then on, until somebody resets it.',
    monitors:
      'This run only monitors: its decisions go on saying ALLOW. From then on the gateway sends no order all the same, until somebody resets it.',
  },
  reset: {
    enforces: 'Orders are judged by the limits again.',
    monitors: 'The gateway sends orders again. This run only monitors: no limit stops any.',
  },
} as const;
