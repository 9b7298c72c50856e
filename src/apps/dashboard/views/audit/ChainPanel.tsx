import { useEffect, useRef, useState } from 'preact/hooks';
import { startVerification } from '../../chain/startVerification';
import type { Difference } from '../../chain/difference';
import { compareRows } from '../../chain/heldRows';
import type { VerifyNews } from '../../chain/messages';
import { hexOf, readHash, ZEROS } from '../../chain/verifyChain';
import { Hash } from '../../components/Hash';
import { Panel, ProblemLine } from '../../components/Panel';
import { announce } from '../../state/announcements';
import type { RunFeed } from '../../state/runFeed';

/** The page has found that a row is not what the bytes say. */
interface Falsified extends Difference {
  readonly kind: 'falsified';
  readonly seq: number;
}
type News = VerifyNews | Falsified;
type End = Exclude<News, { kind: 'progress' }>;

/** The run's hash chain, computed again in this browser from the bytes of each record, and the page's rows compared with what the bytes say. */
export const ChainPanel = ({ feed }: { readonly feed: RunFeed }) => {
  const run = feed.runId;
  const [news, setNews] = useState<News | undefined>(undefined);
  const compared = useRef(0);
  const [hash, setHash] = useState('');
  const [seq, setSeq] = useState('');
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const stop = useRef<() => void>(() => undefined);
  const sought = useRef<string | undefined>(undefined);
  useEffect(() => () => stop.current(), [run]);

  const verify = (event: Event): void => {
    event.preventDefault();
    stop.current();
    setNews(undefined);
    setProblem(undefined);
    const known = hash.trim() === '' ? ZEROS : readHash(hash);
    if (known === undefined) return setProblem('The known hash is not 64 hex digits; paste it whole, or leave the field empty.');
    if (seq.trim() !== '' && (!/^\d+$/.test(seq.trim()) || hash.trim() === ''))
      return setProblem('A seq is a whole number, and goes with the hash of that record.');
    const after = seq.trim() !== '';
    sought.current = hash.trim() === '' || after ? undefined : hexOf(known);
    compared.current = 0;
    const ended = (end: End): void => {
      stop.current();
      setNews(end);
      announce(verdictOf(end, sought.current, compared.current).text);
    };
    setNews({ kind: 'progress', verified: 0, total: 0, rows: [] });
    stop.current = startVerification(
      { run, from: after ? Number(seq.trim()) + 1 : 0, before: hexOf(after ? known : ZEROS), sought: sought.current },
      (heard) => {
        if (heard.kind !== 'progress') return ended(heard);
        const found = compareRows(feed.store, heard.rows);
        compared.current += found.compared;
        if (found.difference === undefined) setNews({ ...heard, rows: [] });
        else ended({ kind: 'falsified', ...found.difference });
      },
    );
  };

  const verdict = news === undefined || news.kind === 'progress' ? undefined : verdictOf(news, sought.current, compared.current);
  return (
    <Panel
      title="Hash chain"
      aside={verdict !== undefined && <span class={`state ${STATES[verdict.level]}`}>{NAMES[verdict.level]}</span>}
    >
      <form class="chain" onSubmit={verify}>
        <label class="wide">
          Known hash (optional)
          <input
            name="hash"
            value={hash}
            placeholder="64 hex digits that you noted"
            spellcheck={false}
            autoComplete="off"
            onInput={(event) => setHash(event.currentTarget.value)}
          />
        </label>
        <label>
          of seq (optional)
          <input name="seq" inputMode="numeric" value={seq} onInput={(event) => setSeq(event.currentTarget.value)} />
        </label>
        <button type="submit" class="main" disabled={news?.kind === 'progress'}>
          Verify in this browser
        </button>
      </form>
      <ProblemLine problem={problem} />
      {news?.kind === 'progress' && (
        <div class="progress">
          <progress aria-label="Records verified" value={news.verified} max={Math.max(1, news.total)} />
          {news.verified.toLocaleString('en')} of {news.total.toLocaleString('en')}
        </div>
      )}
      {verdict !== undefined && <p class={CLASSES[verdict.level]}>{verdict.text}</p>}
      {news?.kind === 'done' && (
        <p class="summary">
          Last hash <Hash label="Last hash" value={news.lastHash} />
        </p>
      )}
      {news === undefined && (
        <p class="hint">
          Fetches the bytes of every record, computes SHA-256 here, and compares the rows that this page shows with what the bytes
          say. A hash that you noted shows that nothing before it was changed since; with its seq, only what came after it is
          verified.
        </p>
      )}
    </Panel>
  );
};

interface Verdict {
  /** `partly`: the hashes hold, and not everything could be compared. */
  readonly level: 'good' | 'partly' | 'bad';
  readonly text: string;
}
const NAMES = { good: 'VERIFIED', partly: 'HASHES ALONE', bad: 'FAILED' } as const;
const STATES = { good: 'state-good', partly: 'state-warning', bad: 'state-bad' } as const;
const CLASSES = { good: 'verified', partly: 'warning', bad: 'problem' } as const;

const count = (records: number): string => records.toLocaleString('en');

/** `compared`: so many rows of the page with what the bytes say. */
const verdictOf = (end: End, sought: string | undefined, compared: number): Verdict => {
  switch (end.kind) {
    case 'problem':
      return { level: 'bad', text: `Could not verify: ${end.problem}` };
    case 'broken':
      return {
        level: 'bad',
        text: `The chain is broken at seq ${end.seq}: ${end.reason}. The ${count(end.verified)} records before it hold.`,
      };
    case 'falsified':
      return {
        level: 'bad',
        text: `What this page shows is not what was recorded: at seq ${end.seq}, ${end.field} is “${end.recorded}” in the hashed bytes, and shown as “${end.shown}”.`,
      };
    case 'done':
      return doneText(end, sought, compared);
  }
};

const doneText = (
  { verified, unread, from, lastHash, chainHash, soughtSeq, tookMs }: Extract<VerifyNews, { kind: 'done' }>,
  sought: string | undefined,
  compared: number,
): Verdict => {
  const records = `${count(verified)} records${from > 0 ? ` from seq ${from} on` : ''} verified in ${(tookMs / 1000).toFixed(1)} s`;
  if (chainHash !== null && chainHash !== lastHash)
    return { level: 'bad', text: `${records}, but the last hash is not the one that the run has.` };
  if (sought !== undefined && soughtSeq === undefined)
    return { level: 'bad', text: `${records}, but no record has the known hash.` };
  const known = soughtSeq === undefined ? '' : `; the known hash is that of seq ${soughtSeq}`;
  const shown = `; ${count(compared)} of them are rows of this page, and say what it shows`;
  if (unread === 0) return { level: 'good', text: `${records}; the last hash is the run’s chain hash${known}${shown}.` };
  return {
    level: 'partly',
    text: `${records}; the last hash is the run’s chain hash${known}${shown}. The bytes of ${count(unread)} are of another schema than this page reads: what it shows of them was not compared.`,
  };
};
