/** Times as the page shows them: always UTC. */
import { NOTHING } from './exact';

/** `09:30:01.250`. */
export const timeText = (ms: number): string => (isTime(ms) ? new Date(ms).toISOString().slice(11, 23) : NOTHING);

/** `2026-02-24 09:30:01.250`. */
export const dateTimeText = (time: number | string | null | undefined): string => {
  const ms = typeof time === 'number' ? time : Date.parse(time ?? '');
  return isTime(ms) ? new Date(ms).toISOString().slice(0, 23).replace('T', ' ') : NOTHING;
};

/** `09:30`, as the axis of a chart has it. */
export const minuteText = (ms: number): string => (isTime(ms) ? new Date(ms).toISOString().slice(11, 16) : NOTHING);

/** `340 ms`, `12 s`, `5 min`, `3 h`: about how long. */
export const spanText = (ms: number | null): string => {
  if (ms === null) return NOTHING;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
};

/**
 * What somebody typed as a time in UTC: `2026-02-24T09:30:01Z`, `2026-02-24 09:30`, or `09:30` on the day of `today`. Undefined: it is none.
 */
export const readTime = (text: string, today: number): number | undefined => {
  const typed = text.trim().replace(' ', 'T').replace(/Z$/, '');
  const day = isTime(today) ? new Date(today).toISOString().slice(0, 10) : '1970-01-01';
  const whole = /^\d{1,2}:\d{2}/.test(typed)
    ? `${day}T${typed.padStart(typed.indexOf(':') === 1 ? typed.length + 1 : 0, '0')}`
    : typed;
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?)?$/.test(whole)) return undefined;
  const ms = Date.parse(whole.includes('T') ? `${whole}Z` : `${whole}T00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
};

const isTime = (ms: number): boolean => Number.isFinite(ms) && Math.abs(ms) < 8.64e15;
