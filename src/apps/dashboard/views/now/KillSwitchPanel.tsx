import type { KillSwitch } from '../../api/documents';
import { Fields } from '../../components/Fields';
import { Panel, ProblemLine } from '../../components/Panel';
import { StateTag } from '../../components/StateTag';
import { exactText } from '../../format/exact';
import { dateTimeText } from '../../format/time';
import { session } from '../../state/app';
import type { Fetched } from '../../state/useFetched';
import { useValue } from '../../state/useValue';
import { useMonitors } from '../ModeBanner';
import { KillSwitchControls } from './KillSwitchControls';

interface KillSwitchPanelProps {
  readonly run: string;
  readonly answer: Fetched<KillSwitch>;
}

/** How the kill switch stands and why, and the means to turn it for those who may. */
export const KillSwitchPanel = ({ run, answer }: KillSwitchPanelProps) => {
  const { data, problem, refresh } = answer;
  const monitors = useMonitors(run);
  const pending = useValue(session.orders.all).find(
    ({ type, run: of, standing }) =>
      type !== 'PolicyActivated' && (of ?? run) === run && (standing === 'sent' || standing === 'pending'),
  );
  return (
    <Panel
      title="Kill switch"
      aside={
        data !== undefined && (
          <StateTag
            level={data.active ? 'bad' : 'good'}
            text={data.active ? 'TRIPPED' : monitors ? 'armed, for people alone' : 'armed'}
            answered={answer}
          />
        )
      }
    >
      <ProblemLine problem={problem} />
      {pending !== undefined && (
        <p class="warning pending">{pending.type === 'KillSwitchTripped' ? 'TRIP PENDING' : 'RESET PENDING'}: not in force yet</p>
      )}
      {data !== undefined && <Fields fields={fieldsOf(data)} />}
      {data !== undefined && <KillSwitchControls run={run} active={data.active} monitors={monitors} onDone={refresh} />}
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
