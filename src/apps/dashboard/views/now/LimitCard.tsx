import type { Exact, LimitUse } from '../../api/documents';
import { levelOf, Meter } from '../../components/Meter';
import { exactText, NOTHING, percentText, roundedText } from '../../format/exact';

interface Shape {
  readonly title: string;
  readonly text: (value: Exact | null) => string;
}

const percent = (value: Exact | null): string => percentText(value);
const multiple = (value: Exact | null): string => (value === null ? NOTHING : `${roundedText(value, 3)} ×`);

/** How the figures of each metric are written; the exact ones are in the tooltip. */
const SHAPES: Readonly<Record<string, Shape>> = {
  daily_return: { title: 'Daily return', text: percent },
  drawdown: { title: 'Drawdown', text: percent },
  gross_exposure_x: { title: 'Gross exposure', text: multiple },
  net_exposure_x: { title: 'Net exposure', text: multiple },
  orders_last_60s_global: { title: 'Orders in 60 s', text: exactText },
  violations_in_window: { title: 'Violations', text: exactText },
};

/** One limit of the policy: where we are, where it ends, and what is left. */
export const LimitCard = ({ metric, rule_id, value, limit, headroom, used }: LimitUse) => {
  const { title, text } = SHAPES[metric] ?? { title: metric, text: exactText };
  const spoken = limit === null ? `${text(value)}, no limit` : `${text(value)} of ${text(limit)}, ${text(headroom)} left`;
  return (
    <div
      class={`card card-${levelOf(used)}`}
      title={`${metric}: ${exactText(value)}, limit ${exactText(limit)}, headroom ${exactText(headroom)}`}
    >
      <div class="card-title">
        <h2>{title}</h2>
        {rule_id !== null && <span class="rule">{rule_id}</span>}
      </div>
      <p class="figure">{text(value)}</p>
      <Meter label={title} used={limit === null ? 0 : used} text={spoken} />
      <p class="card-foot">
        <span>{limit === null ? 'not checked' : `limit ${text(limit)}`}</span>
        {limit !== null && <span>{text(headroom)} left</span>}
      </p>
    </div>
  );
};
