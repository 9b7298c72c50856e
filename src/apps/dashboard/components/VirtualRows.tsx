import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StoredRow } from '../journal/chunk';
import type { Selected } from '../state/useSelection';

/** Pixels; the styles have the same. */
const ROW_HEIGHT = 28;
/** Rows beyond the edges, so that a fast wheel finds something. */
const BEYOND = 8;

export interface GridColumn {
  readonly name: string;
  readonly head: string;
  readonly figures?: boolean;
  readonly cell: (row: StoredRow) => ComponentChildren;
}

interface VirtualRowsProps {
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly selected: Selected;
  /** Seq of the row that the keys are at. */
  readonly active: number | undefined;
  readonly onActive: (seq: number) => void;
  readonly onOpen: (row: StoredRow) => void;
  readonly empty: string;
}

/**
 * A list of any length, of which only the rows in sight are in the page. Newest first: who looks at the top sees what comes; who has scrolled down
 * keeps what he looks at where it is, and is told how many are new.
 */
export const VirtualRows = ({ label, columns, selected, active, onActive, onOpen, empty }: VirtualRowsProps) => {
  const { selection, version, done } = selected;
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const held = useRef<{ seq: number | undefined; shift: number }>({ seq: undefined, shift: 0 });
  const newestSeen = useRef(0);
  /** To be scrolled to as soon as it is there. */
  const sought = useRef<number | undefined>(undefined);

  useEffect(() => {
    const scroller = element.current;
    if (scroller === null) return undefined;
    const measured = new ResizeObserver(() => setView({ top: scroller.scrollTop, height: scroller.clientHeight }));
    measured.observe(scroller);
    return () => measured.disconnect();
  }, []);

  const scrolled = (): void => {
    const scroller = element.current;
    if (scroller === null) return;
    const { scrollTop, clientHeight } = scroller;
    held.current =
      scrollTop < 1
        ? { seq: undefined, shift: 0 }
        : { seq: selection.seqAt(Math.floor(scrollTop / ROW_HEIGHT)), shift: scrollTop % ROW_HEIGHT };
    setView({ top: scrollTop, height: clientHeight });
  };

  // What is looked at stays where it is when rows come in above it.
  useLayoutEffect(() => {
    const scroller = element.current;
    const { seq, shift } = held.current;
    if (scroller === null || seq === undefined) return;
    const top = selection.indexOf(seq) * ROW_HEIGHT + shift;
    if (Math.abs(top - scroller.scrollTop) >= 1) scroller.scrollTop = top;
    setView({ top: scroller.scrollTop, height: scroller.clientHeight });
  }, [version]);
  useLayoutEffect(() => {
    held.current = { seq: undefined, shift: 0 };
    element.current?.scrollTo({ top: 0 });
  }, [selection]);
  // A row that an address names may come later than the address.
  useLayoutEffect(() => void (sought.current = active), [active]);
  useLayoutEffect(() => {
    const scroller = element.current;
    if (scroller === null || active === undefined || sought.current !== active || !selection.has(active)) return;
    sought.current = undefined;
    const top = selection.indexOf(active) * ROW_HEIGHT;
    const head = ROW_HEIGHT; // the column heads stick to the top
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + head + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + head + ROW_HEIGHT - scroller.clientHeight;
  }, [active, selection, version]);

  const atTop = held.current.seq === undefined;
  const newest = selection.seqAt(0) ?? 0;
  if (atTop) newestSeen.current = newest;
  const unseen = atTop ? 0 : selection.indexOf(newestSeen.current);
  const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT) - BEYOND);
  const last = Math.min(selection.length, Math.ceil((view.top + view.height) / ROW_HEIGHT) + BEYOND);
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => {
    const seq = selection.seqAt(first + index);
    return seq === undefined ? undefined : selection.store.row(seq);
  });

  return (
    <div class="rows-frame">
      {unseen > 0 && (
        <button type="button" class="new-rows" onClick={() => element.current?.scrollTo({ top: 0 })}>
          {unseen.toLocaleString('en')} new ↑
        </button>
      )}
      <div
        class="rows"
        ref={element}
        role="grid"
        aria-label={label}
        aria-rowcount={selection.length + 1}
        aria-activedescendant={rows.some((row) => row?.seq === active) ? `row-${active ?? ''}` : undefined}
        tabIndex={0}
        onScroll={scrolled}
      >
        <div role="rowgroup" class="rows-head">
          <div role="row" aria-rowindex={1} class="row">
            {columns.map(({ name, head, figures }) => (
              <span key={name} role="columnheader" class={`cell cell-${name} ${figures === true ? 'figures' : ''}`}>
                {head}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="rows-body" style={{ height: `${selection.length * ROW_HEIGHT}px` }}>
          {rows.map((row, index) =>
            row === undefined ? null : (
              <div
                key={row.seq}
                id={`row-${row.seq}`}
                role="row"
                aria-rowindex={first + index + 2}
                aria-selected={row.seq === active}
                class={`row row-${row.kind.toLowerCase().replaceAll('_', '-')} ${row.seq === active ? 'active' : ''}`}
                style={{ transform: `translateY(${(first + index) * ROW_HEIGHT}px)` }}
                onClick={() => {
                  onActive(row.seq);
                  onOpen(row);
                }}
              >
                {columns.map(({ name, cell, figures }) => (
                  <span key={name} role="gridcell" class={`cell cell-${name} ${figures === true ? 'figures' : ''}`}>
                    {cell(row)}
                  </span>
                ))}
              </div>
            ),
          )}
        </div>
      </div>
      {selection.length === 0 && <p class="empty rows-empty">{done ? empty : 'Looking…'}</p>}
    </div>
  );
};
