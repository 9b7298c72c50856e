import { useState } from 'preact/hooks';
import type { KillSwitch } from '../../api/documents';
import { Fields } from '../../components/Fields';
import { Panel, ProblemLine } from '../../components/Panel';
import { SignedDialog } from '../../components/SignedDialog';
import { exactText } from '../../format/exact';
import { dateTimeText } from '../../format/time';
import { api, session } from '../../state/app';
import type { Fetched } from '../../state/useFetched';

interface KillSwitchPanelProps {
  readonly run: string;
  readonly answer: Fetched<KillSwitch>;
}

/** How the kill switch stands and why, and the means to turn it for those who may. */
export const KillSwitchPanel = ({ run, answer }: KillSwitchPanelProps) => {
  const { data, problem, refresh } = answer;
  return (
    <Panel
      title="Kill switch"
      aside={
        data !== undefined && (
          <span class={`state ${data.active ? 'state-bad' : 'state-good'}`}>{data.active ? 'TRIPPED' : 'armed'}</span>
        )
      }
    >
      <ProblemLine problem={problem} />
      {data !== undefined && <Fields fields={fieldsOf(data)} />}
      {data !== undefined && <KillSwitchControls run={run} active={data.active} onDone={refresh} />}
    </Panel>
  );
};

const fieldsOf = (data: KillSwitch): readonly (readonly [string, string])[] => {
  const { last } = data;
  const window = data.violation_window_seconds === null ? '' : ` in ${exactText(data.violation_window_seconds)} s`;
  return [
    ['Violations', `${data.violations_in_window} of ${data.trip_after_n_violations ?? '–'}${window}`],
    ['Tripped by rule', data.trip_on_rules.join(', ') || 'none'],
    ...(last === null
      ? [['Last change', 'never'] as const]
      : [
          ['Last change', `${last.active ? 'tripped' : 'reset'} ${dateTimeText(last.clock)}`] as const,
          [
            'By',
            `${last.actor}${last.cause === 'OPERATOR' ? '' : ` (${last.cause.toLowerCase()}${last.rules.length === 0 ? '' : `: ${last.rules.join(', ')}`})`}`,
          ] as const,
          ['Reason', last.reason] as const,
        ]),
    ...(data.every_run ? [['Holds for', 'every run'] as const] : []),
  ];
};

interface ControlsProps {
  readonly run: string;
  readonly active: boolean;
  readonly onDone: () => void;
}

/** Trip or reset, for this run or for all; for others, why they cannot. */
export const KillSwitchControls = ({ run, active, onDone }: ControlsProps) => {
  const [asking, setAsking] = useState<'trip' | 'reset' | undefined>(undefined);
  const [everyRun, setEveryRun] = useState(false);
  if (!session.mayOperate) return <p class="hint">To trip or reset it, sign in with a token that has the role operate.</p>;
  const closed = (done: boolean): void => {
    setAsking(undefined);
    setEveryRun(false);
    if (done) onDone();
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
          send={(signed) => api.turnKillSwitch(everyRun ? undefined : run, { action: asking, ...signed })}
          onClose={closed}
        >
          <p>
            {asking === 'trip'
              ? 'Every order is denied from then on, until somebody resets it.'
              : 'Orders are judged by the limits again.'}
          </p>
          <label class="check">
            <input type="checkbox" checked={everyRun} onChange={(event) => setEveryRun(event.currentTarget.checked)} />
            For every run, not for {run} alone
          </label>
        </SignedDialog>
      )}
    </div>
  );
};
