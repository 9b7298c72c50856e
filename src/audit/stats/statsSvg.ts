/**
 * The figures as a picture: how long evaluations took, and decisions by verdict and by rule. One SVG file that needs nothing else, with a title and a
 * description for those who do not see it, in colours for light and dark backgrounds. Names from outside are escaped.
 */
import type { AuditStats } from './auditStats';
import { histogramOf } from './histogram';
import type { Measured } from './measured';

const WIDTH = 720;
const MARGIN = 24;
const ROW = 24;
const LABEL_WIDTH = 120;
const BAR_WIDTH = WIDTH - 2 * MARGIN - LABEL_WIDTH - 90;
/** Rules that are drawn, the most frequent first. */
const MOST_RULES = 12;

const STYLE = `
  svg { color-scheme: light dark; }
  .back { fill: #ffffff; } text { fill: #1f2328; font: 13px system-ui, sans-serif; } .heading { font-weight: 600; font-size: 15px; }
  .quiet { fill: #59636e; } .time { fill: #0969da; } .ALLOW { fill: #1a7f37; } .MODIFY { fill: #9a6700; } .DENY { fill: #cf222e; } .rule { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9198a1; } .time { fill: #4493f8; }
    .ALLOW { fill: #3fb950; } .MODIFY { fill: #d29922; } .DENY { fill: #f85149; } .rule { fill: #ab7df8; }
  }`;

interface Bar {
  readonly label: string;
  readonly count: number;
  readonly style: string;
}

export const statsSvg = (stats: AuditStats): string => {
  const { evaluation, verdicts, rules } = stats;
  const panels = [
    panel(
      'Decisions',
      (['ALLOW', 'MODIFY', 'DENY'] as const).map((verdict) => ({ label: verdict, count: verdicts[verdict], style: verdict })),
    ),
    panel('Violations by rule', ruleBars(rules)),
    panel(
      evaluation.count === 0 ? 'Evaluations: not measured' : `Evaluations by duration: ${durations(evaluation)}`,
      timeBars(evaluation),
    ),
  ];
  let top = MARGIN;
  const drawn = panels.map(({ lines, height }) => {
    const group = `<g transform="translate(${MARGIN} ${top})">${lines.join('')}</g>`;
    top += height;
    return group;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-labelledby="title description">\n` +
    `<title id="title">What the gate decided, and how long it took</title>\n<desc id="description">${escaped(describe(stats))}</desc>\n` +
    `<style>${STYLE}\n</style>\n<rect class="back" width="${WIDTH}" height="${top}"/>\n${drawn.join('\n')}\n</svg>\n`
  );
};

const panel = (heading: string, bars: readonly Bar[]): { readonly lines: readonly string[]; readonly height: number } => {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const lines = bars.map(({ label, count, style }, row) => {
    const y = 24 + row * ROW;
    const width = count === 0 ? 0 : Math.max(1, Math.round((count / most) * BAR_WIDTH));
    return (
      `\n  <text class="quiet" x="${LABEL_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>` +
      `<rect class="${style}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW - 6}" rx="2"/>` +
      `<text x="${LABEL_WIDTH + width + 8}" y="${y + 13}">${count}</text>`
    );
  });
  return {
    lines: [`\n  <text class="heading" y="12">${escaped(heading)}</text>`, ...lines, '\n'],
    height: 24 + bars.length * ROW + MARGIN,
  };
};

const ruleBars = (rules: ReadonlyMap<string, number>): readonly Bar[] => {
  const sorted = [...rules].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const others = sorted.slice(MOST_RULES).reduce((sum, [, count]) => sum + count, 0);
  const bars = sorted.slice(0, MOST_RULES).map(([label, count]) => ({ label: shortened(label), count, style: 'rule' }));
  return others === 0 ? bars : [...bars, { label: 'others', count: others, style: 'rule' }];
};

const timeBars = (evaluation: Measured): readonly Bar[] =>
  evaluation.count === 0
    ? []
    : histogramOf(evaluation).map(({ upTo, count }) => ({ label: `≤ ${upTo / 1_000} ms`, count, style: 'time' }));

const durations = (evaluation: Measured): string => {
  const [p50 = 0, p95 = 0, p99 = 0] = evaluation.percentiles([50, 95, 99]).map((micros) => micros / 1_000);
  return `mean ${evaluation.mean / 1_000} ms, p50 ${p50}, p95 ${p95}, p99 ${p99}, max ${evaluation.max / 1_000}`;
};

const describe = ({ decisions, verdicts, rules, evaluation }: AuditStats): string => {
  const { ALLOW, MODIFY, DENY } = verdicts;
  const spoken = ruleBars(rules).map(({ label, count }) => `${label} ${count}`);
  return (
    `${decisions} decisions: ${ALLOW} ALLOW, ${MODIFY} MODIFY, ${DENY} DENY.` +
    (spoken.length === 0 ? ' No violations.' : ` Violations by rule: ${spoken.join(', ')}.`) +
    (evaluation.count === 0 ? ' No evaluation was measured.' : ` ${evaluation.count} evaluations: ${durations(evaluation)}.`)
  );
};

const LONGEST_LABEL = 16;
const shortened = (label: string): string => {
  const characters = Array.from(label);
  return characters.length > LONGEST_LABEL ? `${characters.slice(0, LONGEST_LABEL - 1).join('')}…` : label;
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no place for control characters and lone surrogates. */
const escaped = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd').replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
