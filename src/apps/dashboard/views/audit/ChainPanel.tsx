import { useEffect, useRef, useState } from 'preact/hooks';
import { startVerification } from '../../chain/startVerification';
import type { VerifyNews } from '../../chain/messages';
import { hexOf, readHash, ZEROS } from '../../chain/verifyChain';
import { Hash } from '../../components/Hash';
import { Panel, ProblemLine } from '../../components/Panel';
import { announce } from '../../state/announcements';

/** The run's hash chain, computed again in this browser from the bytes of each record. */
export const ChainPanel = ({ run }: { readonly run: string }) => {
  const [news, setNews] = useState<VerifyNews | undefined>(undefined);
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
    setNews({ kind: 'progress', verified: 0, total: 0 });
    stop.current = startVerification(
      { run, from: after ? Number(seq.trim()) + 1 : 0, before: hexOf(after ? known : ZEROS), sought: sought.current },
      (heard) => {
        setNews(heard);
        if (heard.kind !== 'progress') announce(verdictOf(heard, sought.current).text);
      },
    );
  };

  const verdict = news === undefined || news.kind === 'progress' ? undefined : verdictOf(news, sought.current);
  return (
    <Panel
      title="Hash chain"
      aside={
        verdict !== undefined && (
          <span class={`state ${verdict.good ? 'state-good' : 'state-bad'}`}>{verdict.good ? 'VERIFIED' : 'FAILED'}</span>
        )
      }
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
      {verdict !== undefined && <p class={verdict.good ? 'verified' : 'problem'}>{verdict.text}</p>}
      {news?.kind === 'done' && (
        <p class="summary">
          Last hash <Hash label="Last hash" value={news.lastHash} />
        </p>
      )}
      {news === undefined && (
        <p class="hint">
          Fetches the bytes of every record and computes SHA-256 here. A hash that you noted shows that nothing before it was
          changed since; with its seq, only what came after it is verified.
        </p>
      )}
    </Panel>
  );
};

const verdictOf = (
  news: Exclude<VerifyNews, { kind: 'progress' }>,
  sought: string | undefined,
): { readonly good: boolean; readonly text: string } => {
  switch (news.kind) {
    case 'problem':
      return { good: false, text: `Could not verify: ${news.problem}` };
    case 'broken':
      return {
        good: false,
        text: `The chain is broken at seq ${news.seq}: ${news.reason}. ${news.verified.toLocaleString('en')} records before it are verified.`,
      };
    case 'done':
      return doneText(news, sought);
  }
};

const doneText = (
  { verified, from, lastHash, chainHash, soughtSeq, tookMs }: Extract<VerifyNews, { kind: 'done' }>,
  sought: string | undefined,
): { readonly good: boolean; readonly text: string } => {
  const records = `${verified.toLocaleString('en')} records${from > 0 ? ` from seq ${from} on` : ''} verified in ${(tookMs / 1000).toFixed(1)} s`;
  if (chainHash !== null && chainHash !== lastHash)
    return { good: false, text: `${records}, but the last hash is not the one that the run has.` };
  if (sought !== undefined && soughtSeq === undefined)
    return { good: false, text: `${records}, but no record has the known hash.` };
  const known = soughtSeq === undefined ? '' : `; the known hash is that of seq ${soughtSeq}`;
  return { good: true, text: `${records}; the last hash is the run’s chain hash${known}.` };
};
