/** The *Now* view as lines of text: what runs, whether anything is stopped, how near its limits it is, what was decided last. */
import { duration, fitted, meter, shownNumber, sparkline, spread, timeOfDay } from './drawing';
import type { DecisionRate } from './decisionRate';
import { painter } from './paint';
import type { Paint } from './paint';
import type { LimitDocument, RowDocument, Verdicts } from './nowDocuments';
import type { Now } from './nowClient';

export interface ViewOptions {
  /** Characters in a line, at least 60. */
  readonly width: number;
  /** Lines; undefined: as many as there are. */
  readonly height?: number | undefined;
  readonly color: boolean;
  /** Why what is shown is not of now; undefined: it is. */
  readonly stale?: string | undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  daily_return: 'daily return',
  drawdown: 'drawdown',
  gross_exposure_x: 'gross exposure',
  net_exposure_x: 'net exposure',
  orders_last_60s_global: 'orders in 60 s',
  violations_in_window: 'violations',
};
/** Decisions that the screen of a person ends with. */
const SHOWN_DECISIONS = 12;
const MOST_STRATEGIES = 6;

export const nowView = (now: Now, options: ViewOptions): readonly string[] => {
  const paint = painter(options.color);
  const lines = [
    ...head(now, options, paint),
    ...banner(now, options, paint),
    '',
    ...figures(now, options),
    ...now.portfolio.limits.map((limit) => limitLine(limit, options, paint)),
    '',
    ...rates(now, options, paint),
    '',
    ...strategies(now, options, paint),
  ];
  const room = options.height === undefined ? SHOWN_DECISIONS : Math.max(0, options.height - lines.length - 2);
  const shown = [...lines, ...decisions(now, room, options, paint)];
  return options.height === undefined ? shown : shown.slice(0, options.height);
};

const head = ({ at, status, portfolio }: Now, { width, stale }: ViewOptions, paint: Paint): readonly string[] => {
  const state = stale === undefined ? (status.ready ? paint.good('ready') : paint.bad('NOT READY')) : paint.bad('STALE');
  const title = `policygate  run ${portfolio.run_id}  ${portfolio.status}`;
  const reasons = stale === undefined ? status.problems.map((problem) => `  ${problem}`) : [`  ${stale}; trying again`];
  return [
    spread(title, `${timeOfDay(at)}  ${state}`, width),
    ...reasons.slice(0, 3).map((reason) => paint.bad(fitted(reason, width))),
  ];
};

const banner = ({ killSwitch, portfolio }: Now, { width }: ViewOptions, paint: Paint): readonly string[] => {
  const monitors = portfolio.mode === 'monitor';
  const mode = monitors ? [paint.alarm(fitted('MONITOR: decisions are not enforced', width, true))] : [];
  if (!killSwitch.active) {
    const line = `kill switch off  mode ${portfolio.mode ?? 'none'}  policy ${(portfolio.policy_hash ?? 'none').slice(0, 12)}`;
    return [...mode, fitted(line, width)];
  }
  const { last, every_run: everyRun } = killSwitch;
  const who = last === null ? '' : ` since ${last.clock} by ${last.actor} (${last.cause}): ${last.reason}`;
  // Source: docs/brokers.md, "The kill switch".
  const byLimit = last !== null && last.cause !== 'OPERATOR';
  const effect = monitors ? (byLimit ? ', WHICH STOPS NOTHING' : ' AT THE GATEWAY') : '';
  return [...mode, paint.alarm(fitted(`KILL SWITCH TRIPPED${everyRun ? ' FOR EVERY RUN' : ''}${effect}${who}`, width, true))];
};

const figures = ({ portfolio, status }: Now, { width }: ViewOptions): readonly string[] => {
  const { equity, gross_value: gross, net_value: net, positions } = portfolio;
  const feed = status.feed_lag_ms === null ? 'none since the start' : `${duration(status.feed_lag_ms)} ago`;
  return [
    fitted(
      `equity ${shownNumber(equity)}  gross ${shownNumber(gross)}  net ${shownNumber(net)}  positions ${positions.length}`,
      width,
    ),
    fitted(`newest price: ${feed}  intents that wait: ${status.waiting}`, width),
  ];
};

const limitLine = (
  { metric, rule_id: rule, value, limit, used }: LimitDocument,
  { width }: ViewOptions,
  paint: Paint,
): string => {
  const part = limit === null || used === null ? undefined : Math.max(0, Number(used));
  const name = fitted(NAMES[metric] ?? metric, 15, true);
  const numbers = `${shownNumber(value).padStart(10)} of ${limit === null ? 'no limit' : shownNumber(limit)}`;
  const barWidth = Math.max(10, width - 62);
  const bar = meter(part ?? 0, barWidth);
  const tone = part === undefined || part < 0.8 ? paint.good : part < 1 ? paint.warn : paint.bad;
  const percent = part === undefined ? '' : `${Math.round(part * 100)}%`;
  return `${name} ${fitted(rule ?? '', 8, true)} ${tone(bar)} ${percent.padStart(5)} ${fitted(numbers, width - barWidth - 32)}`;
};

const VERDICTS: readonly (keyof Verdicts)[] = ['ALLOW', 'MODIFY', 'DENY'];

const toneOf = (verdict: string | undefined, paint: Paint): ((text: string) => string) =>
  verdict === 'ALLOW' ? paint.good : verdict === 'MODIFY' ? paint.warn : paint.bad;

const rates = ({ at, rate, portfolio }: Now, { width }: ViewOptions, paint: Paint): readonly string[] => {
  const minutes = rate.perMinute(at).slice(-Math.max(10, width - 48));
  return [
    paint.dim(fitted(`decisions a minute, the last ${minutes.length} minutes${leftOut(rate, minutes)}`, width)),
    ...VERDICTS.map((verdict) => {
      const counts = minutes.map((minute) => minute?.[verdict]);
      const most = Math.max(0, ...counts.filter((count) => count !== undefined));
      const total = `now ${counts.at(-1) ?? '?'}  most ${most}  in all ${portfolio.decided?.[verdict] ?? '?'}`;
      return `${verdict.padEnd(7)} ${toneOf(verdict, paint)(sparkline(counts))} ${total}`;
    }),
  ];
};

/** What the counts are without. */
const leftOut = ({ behind, countedFrom }: DecisionRate, minutes: readonly unknown[]): string => {
  const older =
    minutes.includes(undefined) && countedFrom !== undefined
      ? `; those before ${timeOfDay(countedFrom)} are not counted yet`
      : '';
  return `${older}${behind > 0 ? `; ${behind} records behind` : ''}`;
};

const strategies = ({ portfolio }: Now, { width }: ViewOptions, paint: Paint): readonly string[] => {
  const most = [...(portfolio.strategies ?? [])].sort((a, b) => countOf(b.decided) - countOf(a.decided));
  const rows = most
    .slice(0, MOST_STRATEGIES)
    .map(({ strategy_id: id, decided, orders_last_60s: orders, orders_limit: limit, gross_value: gross }) => {
      const counts = `${decided.ALLOW}/${decided.MODIFY}/${decided.DENY}`.padStart(18);
      const pace = `${orders}${limit === null ? '' : `/${limit}`}`.padStart(10);
      return fitted(`${id.padEnd(24).slice(0, 24)}${counts}${pace}${shownNumber(gross).padStart(14)}`, width);
    });
  if (rows.length === 0) return [];
  const more = most.length > rows.length ? [paint.dim(`and ${most.length - rows.length} more`)] : [];
  return [paint.dim(fitted(STRATEGY_COLUMNS, width)), ...rows, ...more, ''];
};

const STRATEGY_COLUMNS = `${'strategy'.padEnd(24)}${'allow/modify/deny'.padStart(18)}${'in 60 s'.padStart(10)}${'gross'.padStart(14)}`;

const countOf = ({ ALLOW, MODIFY, DENY }: Verdicts): number => ALLOW + MODIFY + DENY;

const decisions = ({ rate }: Now, room: number, { width }: ViewOptions, paint: Paint): readonly string[] => {
  const rows = rate.last.slice(0, Math.min(room, SHOWN_DECISIONS));
  return rows.length === 0 ? [] : [paint.dim('last decisions'), ...rows.map((row) => decisionLine(row, width, paint))];
};

const decisionLine = (row: RowDocument, width: number, paint: Paint): string => {
  const { clock_ms: clock, decision = '', side = '', symbol = '', qty = null, order_qty: admitted = null, rules = [] } = row;
  const cut = admitted !== null && decision === 'MODIFY' ? ` -> ${shownNumber(admitted)}` : '';
  const start = `${timeOfDay(clock)} `;
  const verdict = fitted(decision, 7, true);
  const rest =
    `${side.padEnd(4)} ${shownNumber(qty)}${cut} ${symbol}  ${row.strategy_id ?? ''}  ${row.intent_id ?? ''}  ${rules.join(',')}`.trimEnd();
  return `${start}${toneOf(decision, paint)(verdict)}${fitted(` ${rest}`, width - start.length - verdict.length)}`;
};
