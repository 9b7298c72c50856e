import type { Exact } from '../api/documents';
import { roughly } from '../format/exact';

interface MeterProps {
  readonly label: string;
  /** The part of the limit that is used: 1 is all of it. */
  readonly used: Exact | null;
  /** Value and limit in words, for those who do not see the bar. */
  readonly text: string;
}

/** From which part of a limit on it is worth a look. */
const NEAR = 0.8;

export const levelOf = (used: Exact | null): 'fine' | 'near' | 'over' => {
  const part = roughly(used);
  if (part >= 1) return 'over';
  return part >= NEAR ? 'near' : 'fine';
};

/** How much of a limit is used. The mark at the end of the bar is the limit; beyond it the bar is full. */
export const Meter = ({ label, used, text }: MeterProps) => {
  const percent = Math.round(Math.min(1, Math.max(0, roughly(used))) * 1000) / 10;
  return (
    <div
      class={`meter meter-${levelOf(used)}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
    >
      <div class="meter-bar" style={{ width: `${percent}%` }} />
    </div>
  );
};
