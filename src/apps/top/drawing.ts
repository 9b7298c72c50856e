/** Numbers, times and quantities as a terminal shows them. Texts of others are shown without anything that could steer the terminal. */
import type { Shown } from './nowDocuments';

/** Control characters, which a terminal obeys, and those that are not seen or turn what comes after them around. */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;

/** Each is a replacement character. */
export const harmless = (text: string): string => text.replace(UNSAFE, '\ufffd');

/** In exactly `width` characters or fewer; `filled`: exactly. */
export const fitted = (text: string, width: number, filled = false): string => {
  const characters = Array.from(harmless(text));
  const cut = characters.length > width ? `${characters.slice(0, Math.max(0, width - 1)).join('')}…` : characters.join('');
  return filled ? cut.padEnd(width) : cut;
};

/** One at the left, one at the right, which may be painted: its escapes take no room. */
export const spread = (left: string, right: string, width: number): string => {
  const shown = right.replace(/\u001b\[[0-9;]*m/g, '');
  return `${fitted(left, width - shown.length - 2, true)}  ${right}`;
};

const BLOCKS = '▁▂▃▄▅▆▇█';

/** The highest of them fills the line's height; nothing is shown for zero, and a question mark for what is not known. */
export const sparkline = (counts: readonly (number | undefined)[]): string => {
  const most = Math.max(1, ...counts.filter((count) => count !== undefined));
  return counts
    .map((count) =>
      count === undefined ? '?' : count === 0 ? ' ' : (BLOCKS[Math.ceil((count / most) * BLOCKS.length) - 1] ?? ' '),
    )
    .join('');
};

/** `part` of a limit: full at one, and marked beyond. */
export const meter = (part: number, width: number): string => {
  const inner = width - 2;
  const full = Math.min(inner, Math.round(part * inner));
  return `[${'='.repeat(full)}${' '.repeat(inner - full)}${part > 1 ? '>' : ']'}`;
};

/** At most six digits behind the point; a dash where there is none. */
export const shownNumber = (value: Shown): string => {
  if (value === null) return '-';
  const number = Number(value);
  if (!Number.isFinite(number)) return fitted(String(value), 20);
  const text = number.toFixed(Math.abs(number) >= 1_000 ? 2 : 6).replace(/\.?0+$/, '');
  const [whole = '', fraction] = text.split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction === undefined ? '' : `.${fraction}`}`;
};

/** UTC, as everything on the log. */
export const timeOfDay = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '--:--:--');

export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
};
