/** The rows of a feed that a filter lets through, brought up to date between two frames. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Filter } from '../journal/filter';
import { Selection } from '../journal/selection';
import type { RunFeed } from './runFeed';
import { useValue } from './useValue';

/** Of 16 ms a frame, so much for filtering. */
const BUDGET_MS = 6;

export interface Selected {
  readonly selection: Selection;
  /** All rows that are here have been looked at. */
  readonly done: boolean;
  /** Changes when the rows do. */
  readonly version: number;
}

export const useSelection = (feed: RunFeed, filter: Filter): Selected => {
  const arrived = useValue(feed.version);
  const key = JSON.stringify(filter);
  const selection = useMemo(() => new Selection(feed.store, filter), [feed, key]);
  const [state, setState] = useState({ selection, done: false, version: 0 });
  useEffect(() => {
    let frame = 0;
    const step = (): void => {
      const done = selection.refresh(BUDGET_MS);
      setState(({ version }) => ({ selection, done, version: version + 1 }));
      if (!done) frame = requestAnimationFrame(step);
    };
    step();
    return () => cancelAnimationFrame(frame);
  }, [selection, arrived]);
  return state;
};
