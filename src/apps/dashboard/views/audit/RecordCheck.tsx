import { useEffect, useRef, useState } from 'preact/hooks';
import type { ShownRecord, VerifyNews } from '../../chain/messages';
import { startVerification } from '../../chain/startVerification';
import { announce } from '../../state/announcements';

interface RecordCheckProps {
  readonly run: string;
  readonly seq: number;
  /** Of the record before it, in hex. */
  readonly prevHash: string;
  readonly shown: ShownRecord;
}

interface Said {
  readonly kind: 'verified' | 'warning' | 'problem';
  readonly text: string;
  /** What it was said of. */
  readonly of: string;
}

/** Whether the hash of a record holds, and whether the bytes that it is of say what is shown. */
export const RecordCheck = ({ run, seq, prevHash, shown }: RecordCheckProps) => {
  const [said, setSaid] = useState<Said | undefined>(undefined);
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => () => stop.current(), []);
  const of = JSON.stringify([run, seq, prevHash, shown]);
  const check = (): void => {
    stop.current();
    stop.current = startVerification({ run, from: seq, before: prevHash, shown }, (news) => {
      if (news.kind === 'progress') return;
      const next = { ...verdictOf(news), of };
      setSaid(next);
      announce(next.text);
    });
  };
  // What was verified is no longer what is shown: then nothing is said.
  return said?.of === of ? (
    <span class={said.kind}>{said.text}</span>
  ) : (
    <button type="button" onClick={check}>
      Verify this record
    </button>
  );
};

const verdictOf = (news: Exclude<VerifyNews, { kind: 'progress' }>): Omit<Said, 'of'> => {
  if (news.kind === 'problem') return { kind: 'problem', text: `Could not verify: ${news.problem}` };
  if (news.kind === 'broken') return { kind: 'problem', text: `✕ not verified: ${news.reason}` };
  const { difference, unread, verified } = news;
  if (verified === 0) return { kind: 'problem', text: '✕ not verified: the server does not have the record' };
  if (unread > 0)
    return {
      kind: 'warning',
      text: 'The hash holds, but its bytes are of another schema than this page reads: what is shown was not compared.',
    };
  if (difference !== undefined)
    return {
      kind: 'problem',
      text: `✕ not what was recorded: ${difference.field} is ${difference.recorded} in the hashed bytes, and shown as ${difference.shown}`,
    };
  return { kind: 'verified', text: '✓ verified here: the hash holds, and its bytes say what is shown' };
};
