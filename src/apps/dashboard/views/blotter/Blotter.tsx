import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { StoredRow } from '../../journal/chunk';
import type { Filter } from '../../journal/filter';
import { leftOutText, useCoverage } from '../../components/LeftOut';
import { VirtualRows } from '../../components/VirtualRows';
import { announce } from '../../state/announcements';
import { useKeys } from '../../state/keys';
import { goTo, route, withQuery } from '../../state/navigation';
import type { RunFeed } from '../../state/runFeed';
import { useSelection } from '../../state/useSelection';
import type { Selected } from '../../state/useSelection';
import { useValue } from '../../state/useValue';
import { columnsFor } from './columns';
import { FilterBar } from './FilterBar';
import { Timeline } from './Timeline';

/** Executions show as the state of their orders, unless they are asked for. */
const KINDS = ['DECISION', 'CONTROL', 'KILL_SWITCH', 'DUPLICATE', 'REJECTED_INPUT'];

/** Every decision of the run as it comes, newest first. */
export const Blotter = ({ feed }: { readonly feed: RunFeed }) => {
  const { query, intent } = useValue(route);
  const filter: Filter = {
    kinds: query.show === 'executions' ? undefined : KINDS,
    verdict: query.verdict,
    rule: query.rule,
    strategy: query.strategy,
    symbol: query.symbol,
    text: query.text,
  };
  const selected = useSelection(feed, filter);
  const [active, setActive] = useState<number | undefined>(undefined);
  const columns = useMemo(() => columnsFor(feed.store), [feed]);
  const searchField = useRef<HTMLInputElement>(null);
  const { selection } = selected;

  const open = (row: StoredRow): void => {
    if (row.intentId !== '') goTo({ ...route.current, run: feed.runId, intent: row.intentId }, intent !== undefined);
    else goTo({ view: 'audit', run: feed.runId, intent: undefined, query: { seq: String(row.seq) } });
  };
  const close = (): void => goTo({ ...route.current, run: feed.runId, intent: undefined });
  const move = (rows: number): void => {
    const from = active === undefined || !selection.has(active) ? -1 : selection.indexOf(active);
    const seq = selection.seqAt(Math.min(selection.length - 1, Math.max(0, from + rows)));
    if (seq === undefined) return;
    setActive(seq);
    const row = feed.store.row(seq);
    if (intent !== undefined && row !== undefined && row.intentId !== '') open(row);
  };
  /** An address names an intent alone; a row of it that somebody chose stays chosen. */
  const found = (seq: number): void =>
    setActive((chosen) => (chosen !== undefined && feed.store.row(chosen)?.intentId === intent ? chosen : seq));
  const openActive = (): void => {
    const row = active === undefined ? undefined : feed.store.row(active);
    if (row !== undefined) open(row);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(-Infinity),
    End: () => move(Infinity),
    Enter: openActive,
    Escape: () => (intent === undefined ? setActive(undefined) : close()),
    '/': () => searchField.current?.focus(),
  });
  useAnnouncedCount(selected);

  return (
    <div class={`view view-blotter ${intent === undefined ? '' : 'with-side'}`}>
      <div class="blotter-main">
        <div class="bar">
          <h1>Blotter</h1>
          <FilterBar
            dictionaries={feed.store.dictionaries}
            query={query}
            onChange={(changes) => goTo(withQuery(route.current, changes), true)}
            searchField={searchField}
          />
          <Counted feed={feed} selected={selected} />
        </div>
        <VirtualRows
          label="Decisions, newest first"
          columns={columns}
          selected={selected}
          active={active}
          onActive={setActive}
          onOpen={open}
          empty={emptyText(feed, useCoverage(feed))}
        />
      </div>
      {intent !== undefined && <Timeline feed={feed} intent={intent} onSeq={found} onClose={close} />}
    </div>
  );
};

const emptyText = ({ store }: RunFeed, coverage: ReturnType<typeof useCoverage>): string => {
  const leftOut = leftOutText(coverage);
  if (leftOut !== undefined) return `No row that is here is like this; ${leftOut}.`;
  return store.size === 0 ? 'Nothing has been decided in this run yet.' : 'No row is like this.';
};

/** How many rows there are, how many are shown, and what is left out. */
export const Counted = ({ feed, selected }: { readonly feed: RunFeed; readonly selected: Selected }) => {
  const coverage = useCoverage(feed);
  const leftOut = leftOutText(coverage);
  return (
    <p class="counted" data-reading={coverage.reading}>
      <strong>{selected.selection.length.toLocaleString('en')}</strong> of {feed.store.size.toLocaleString('en')} rows
      {leftOut !== undefined && <span class="left-out">; {leftOut}</span>}
    </p>
  );
};

/** Says how many rows a filter found, once it has settled. */
const useAnnouncedCount = ({ selection, done }: Selected): void => {
  const first = useRef(true);
  useEffect(() => {
    if (first.current || !done) {
      first.current = false;
      return undefined;
    }
    const timer = setTimeout(() => announce(`${selection.length} rows`), 800);
    return () => clearTimeout(timer);
  }, [selection, done]);
};
