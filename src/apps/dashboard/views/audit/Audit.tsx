import { useMemo, useRef, useState } from 'preact/hooks';
import { ApiProblem, problemText } from '../../api/client';
import { ProblemLine } from '../../components/Panel';
import { leftOutText, useCoverage } from '../../components/LeftOut';
import { VirtualRows } from '../../components/VirtualRows';
import { readTime } from '../../format/time';
import type { Filter } from '../../journal/filter';
import { api } from '../../state/app';
import { useKeys } from '../../state/keys';
import { goTo, route, withQuery } from '../../state/navigation';
import type { RunFeed } from '../../state/runFeed';
import { useSelection } from '../../state/useSelection';
import { useValue } from '../../state/useValue';
import { Counted } from '../blotter/Blotter';
import { columnsFor } from '../blotter/columns';
import { ChainPanel } from './ChainPanel';
import { RecordPanel } from './RecordPanel';
import { SearchBar } from './SearchBar';

/** The run's whole journal, each record of it, and whether its chain holds. */
export const Audit = ({ feed }: { readonly feed: RunFeed }) => {
  const { query } = useValue(route);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [note, setNote] = useState<string | undefined>(undefined);
  const columns = useMemo(() => columnsFor(feed.store), [feed]);
  const searchField = useRef<HTMLInputElement>(null);
  const seq = /^\d+$/.test(query.seq ?? '') ? Number(query.seq) : undefined;
  const times = timesOf(query, feed.store.lastClock);
  const filter: Filter = {
    kinds: query.kind === undefined ? undefined : [query.kind],
    rule: query.rule,
    from: times.from,
    to: times.to,
  };
  const selected = useSelection(feed, filter);
  const { selection } = selected;
  const leftOut = leftOutText(useCoverage(feed));

  const show = (next: number | undefined, replace = false): void => {
    setProblem(undefined);
    setNote(undefined);
    goTo(withQuery({ ...route.current, run: feed.runId }, { seq: next === undefined ? '' : String(next) }), replace);
  };
  const find = async (what: string): Promise<void> => {
    setProblem(undefined);
    setNote(undefined);
    try {
      const found = await foundBy(feed.runId, what);
      show(found.seq);
      setNote(found.note);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  const move = (rows: number): void => {
    const from = seq === undefined ? -1 : selection.indexOf(seq);
    const next = selection.seqAt(Math.min(selection.length - 1, Math.max(0, from + rows)));
    if (next !== undefined) show(next, true);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Escape: () => show(undefined),
    '/': () => searchField.current?.focus(),
  });

  return (
    <div class="view view-blotter with-side">
      <div class="blotter-main">
        <div class="bar">
          <h1>Audit</h1>
          <SearchBar
            dictionaries={feed.store.dictionaries}
            query={query}
            onChange={(changes) => goTo(withQuery(route.current, changes), true)}
            onFind={(what) => void find(what)}
            searchField={searchField}
          />
          <Counted feed={feed} selected={selected} />
        </div>
        <ProblemLine problem={problem ?? times.problem} />
        {note !== undefined && (
          <p class="hint found" role="status">
            {note}
          </p>
        )}
        <VirtualRows
          label="Audit records, newest first"
          columns={columns}
          selected={selected}
          active={seq}
          onActive={(next) => show(next, seq !== undefined)}
          onOpen={() => undefined}
          empty={leftOut === undefined ? 'No record is like this.' : `No record that is here is like this; ${leftOut}.`}
        />
      </div>
      <div class="audit-side">
        <ChainPanel key={feed.runId} feed={feed} />
        {seq === undefined ? (
          <p class="empty">Choose a record to see all of it.</p>
        ) : (
          <RecordPanel run={feed.runId} seq={seq} onClose={() => show(undefined)} />
        )}
      </div>
    </div>
  );
};

interface Found {
  readonly seq: number;
  /** What it was found as, where it could be something else. */
  readonly note: string | undefined;
}

/** Digits may be a seq, and the id of an intent as well: both are looked for. Rejects where nothing is found. */
const foundBy = async (run: string, what: string): Promise<Found> => {
  if (!/^\d{1,15}$/.test(what)) return { seq: (await api.decision(run, what)).seq, note: undefined };
  const [asSeq, asIntent] = await Promise.all([
    orMissing(api.record(run, Number(what)).then(({ seq }) => seq)),
    orMissing(api.decision(run, what).then(({ seq }) => seq)),
  ]);
  if (asSeq !== undefined && asIntent !== undefined && asSeq !== asIntent)
    return {
      seq: asIntent,
      note: `${what} is the id of an intent, decided at seq ${asIntent}: this record. There is a record with seq ${asSeq}, too; its address ends with seq=${asSeq}.`,
    };
  if (asIntent !== undefined) return { seq: asIntent, note: `${what} is the id of an intent, decided at seq ${asIntent}.` };
  if (asSeq !== undefined) return { seq: asSeq, note: `Found as seq ${asSeq}; no intent has this id.` };
  throw new Error(`There is no record ${what} so far, and no intent with this id was decided.`);
};

/** Undefined: there is none. */
const orMissing = <T,>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  });

interface Times {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly problem: string | undefined;
}

const timesOf = (query: Readonly<Record<string, string>>, today: number): Times => {
  const [from, to] = ['from', 'to'].map((name) => (query[name] === undefined ? undefined : readTime(query[name], today)));
  const wrong = ['from', 'to'].find((name) => query[name] !== undefined && readTime(query[name], today) === undefined);
  return {
    from,
    to,
    problem:
      wrong === undefined
        ? undefined
        : `“${query[wrong] ?? ''}” is no time: expected 09:30, 09:30:01 or 2026-02-24T09:30:01Z (UTC).`,
  };
};
