import { useStale } from '../state/staleness';
import type { Answered } from '../state/staleText';

interface StateTagProps {
  readonly level: 'good' | 'bad';
  readonly text: string;
  readonly answered: Answered;
}

/** How something stands; of old it is only said how it stood, and when. */
export const StateTag = ({ level, text, answered }: StateTagProps) => {
  const stale = useStale(answered);
  return stale === undefined ? (
    <span class={`state state-${level}`}>{text}</span>
  ) : (
    <span class="state state-old">
      unknown; {text} {stale}
    </span>
  );
};
