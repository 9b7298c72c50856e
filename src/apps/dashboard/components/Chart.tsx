import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { MinuteCounts } from '../journal/journalStore';
import { minuteText } from '../format/time';
import { theme } from '../state/theme';
import { useValue } from '../state/useValue';

interface ChartProps {
  /** By the minute's number since 1970. */
  readonly minutes: ReadonlyMap<number, MinuteCounts>;
  /** The last minute that is shown. */
  readonly lastMinute: number;
  /** How many minutes are shown. */
  readonly span: number;
  /** Changes when the counts do. */
  readonly version: number;
  readonly label: string;
}

/** Decisions per minute by verdict, stacked: the highest series is drawn first and shows above the others. */
export const Chart = ({ minutes, lastMinute, span, version, label }: ChartProps) => {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const scheme = useValue(theme);

  useEffect(() => {
    const parent = element.current;
    if (parent === null) return undefined;
    const plot = new uPlot(optionsFor(parent), [[], [], [], []], parent);
    chart.current = plot;
    const resized = new ResizeObserver(() => plot.setSize({ width: parent.clientWidth, height: parent.clientHeight }));
    resized.observe(parent);
    return () => {
      resized.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [scheme]);
  useEffect(() => chart.current?.setData(stacked(minutes, lastMinute, span)), [version, scheme, lastMinute, span]);

  return <div class="chart" ref={element} role="img" aria-label={label} />;
};

const stacked = (minutes: ReadonlyMap<number, MinuteCounts>, lastMinute: number, span: number): uPlot.AlignedData => {
  const shown = Array.from({ length: span }, (_, index) => lastMinute - span + 1 + index);
  const counts = shown.map((minute) => minutes.get(minute) ?? { ALLOW: 0, MODIFY: 0, DENY: 0 });
  return [
    shown.map((minute) => minute * 60),
    counts.map(({ ALLOW, MODIFY, DENY }) => ALLOW + MODIFY + DENY),
    counts.map(({ ALLOW, MODIFY }) => ALLOW + MODIFY),
    counts.map(({ ALLOW }) => ALLOW),
  ];
};

const optionsFor = (parent: HTMLElement): uPlot.Options => {
  const colour = (name: string): string => getComputedStyle(parent).getPropertyValue(name).trim();
  const font = `11px ${getComputedStyle(parent).fontFamily}`;
  const axis = { stroke: colour('--quiet'), font, ticks: { show: false }, grid: { stroke: colour('--line'), width: 1 } };
  const bars = uPlot.paths.bars?.({ size: [0.78, 40], align: 1, gap: 0 });
  const series = (name: string, token: string): uPlot.Series => ({
    label: name,
    fill: colour(token),
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  });
  return {
    width: parent.clientWidth,
    height: parent.clientHeight,
    padding: [10, 8, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { time: true, range: (_plot, first, last) => [first, last + 60] },
      y: { range: (_plot, _least, most) => [0, Math.max(4, Math.ceil(most * 1.12))] },
    },
    axes: [
      {
        ...axis,
        size: 30,
        space: 70,
        values: (_plot, seconds) => seconds.map((second) => minuteText(second * 1000)),
        grid: { show: false },
      },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000] },
    ],
    series: [{}, series('DENY', '--deny-fill'), series('MODIFY', '--modify-fill'), series('ALLOW', '--allow-fill')],
  };
};
