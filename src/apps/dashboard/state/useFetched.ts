/** What the server answers to one question, asked again when something has happened. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { problemText } from '../api/client';
import { Poller } from './poller';

export interface Fetched<T> {
  /** The newest answer to this question; undefined: none yet. */
  readonly data: T | undefined;
  /** Why the last try failed, in one line. */
  readonly problem: string | undefined;
  /** When `data` came, ms since 1970. */
  readonly asOf: number | undefined;
  readonly refresh: () => void;
}

interface Occasion {
  /** Asked again when it changes. */
  readonly after?: unknown;
  readonly atMostEveryMs?: number;
  readonly everyMs?: number;
}

interface Answer<T> {
  readonly question: string;
  readonly data: T | undefined;
  readonly problem: string | undefined;
  readonly asOf: number | undefined;
}

/** `question` names what is asked: an answer to another question is never shown. Undefined: nothing is asked. */
export const useFetched = <T>(question: string | undefined, ask: () => Promise<T>, occasion: Occasion = {}): Fetched<T> => {
  const { after, atMostEveryMs = 500, everyMs } = occasion;
  const [answer, setAnswer] = useState<Answer<T>>({ question: '', data: undefined, problem: undefined, asOf: undefined });
  const poller = useRef<Poller | undefined>(undefined);
  const asking = useRef(ask);
  asking.current = ask;

  useEffect(() => {
    if (question === undefined) return undefined;
    let current = true;
    const once = async (): Promise<void> => {
      try {
        const data = await asking.current();
        if (current) setAnswer({ question, data, problem: undefined, asOf: Date.now() });
      } catch (error) {
        const problem = problemText(error);
        const keep = (before: Answer<T>): Answer<T> =>
          before.question === question ? { ...before, problem } : { question, data: undefined, problem, asOf: undefined };
        if (current) setAnswer(keep);
      }
    };
    const own = new Poller(once, { atMostEveryMs, everyMs });
    poller.current = own;
    own.poke();
    return () => {
      current = false;
      own.stop();
    };
  }, [question, atMostEveryMs, everyMs]);
  useEffect(() => poller.current?.poke(), [after]);

  const fits = answer.question === question;
  return {
    data: fits ? answer.data : undefined,
    problem: fits ? answer.problem : undefined,
    asOf: fits ? answer.asOf : undefined,
    refresh: () => poller.current?.poke(),
  };
};
