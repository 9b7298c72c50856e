import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiProblem, problemText } from '../api/client';
import type { Signed } from '../api/client';
import type { ControlAnswer } from '../api/documents';
import { announce } from '../state/announcements';
import { session } from '../state/app';
import type { Ordering } from '../state/givenOrders';
import { Dialog } from './Dialog';

const ACTOR = 'policygate.actor';
/** Characters; the server takes no more. Source: docs/http.md. */
const LONGEST = { actor: 256, reason: 1_000 } as const;

interface SignedDialogProps {
  readonly title: string;
  readonly button: string;
  /** Red: it stops or lets loose money. */
  readonly grave?: boolean;
  readonly type: Ordering;
  /** Undefined: it is for every run. */
  readonly run: string | undefined;
  readonly send: (signed: Signed) => Promise<ControlAnswer>;
  /** `done`: the server has taken it. */
  readonly onClose: (done: boolean) => void;
  /** Why it cannot be done as things are. */
  readonly blocked?: string | undefined;
  readonly children?: ComponentChildren;
}

/** Asks who does something and why, which goes on the record, and does it. What came of it is shown above the view, also if this is closed before. */
export const SignedDialog = (props: SignedDialogProps) => {
  const { title, button, grave = false, onClose, blocked, children } = props;
  const [actor, setActor] = useState(sessionStorage.getItem(ACTOR) ?? '');
  const [reason, setReason] = useState('');
  const [sending, setSending] = useState(false);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const open = useRef(true);
  useEffect(() => () => void (open.current = false), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (sending) return;
    const signed = { actor: actor.trim(), reason: reason.trim() };
    const faults = [faultOf('Your name', signed.actor, LONGEST.actor), faultOf('The reason', signed.reason, LONGEST.reason)];
    const found = faults.filter((fault) => fault !== undefined);
    setProblems(found);
    if (found.length > 0) return;
    setSending(true);
    sessionStorage.setItem(ACTOR, signed.actor);
    const refused = await sent(props, signed, () => open.current);
    if (!open.current) return;
    if (refused === undefined) onClose(true);
    else {
      setProblems(refused);
      setSending(false);
    }
  };
  return (
    <Dialog title={title} onClose={() => onClose(false)}>
      <form class="signed" onSubmit={(event) => void submit(event)}>
        {children}
        <label>
          Your name
          <input
            name="actor"
            required
            maxLength={LONGEST.actor}
            autoComplete="name"
            value={actor}
            onInput={(event) => setActor(event.currentTarget.value)}
          />
        </label>
        <label>
          Reason
          <input
            name="reason"
            required
            maxLength={LONGEST.reason}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          {sending
            ? 'It is sent: to close this does not call it back. What comes of it is shown above the view.'
            : 'Both go on the record.'}
        </p>
        {[...problems, ...(blocked === undefined || sending ? [] : [blocked])].map((problem) => (
          <p key={problem} class="problem" role="alert">
            {problem}
          </p>
        ))}
        <div class="actions">
          <button type="button" onClick={() => onClose(false)}>
            {sending ? 'Close' : 'Cancel'}
          </button>
          <button type="submit" class={grave ? 'grave' : 'main'} disabled={sending || blocked !== undefined}>
            {sending ? 'Waiting for the runs…' : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
};

/** Why it was refused, line by line; undefined: it was taken. `open`: the dialog is there to say so. */
const sent = async (
  { title, type, run, send }: SignedDialogProps,
  signed: Signed,
  open: () => boolean,
): Promise<readonly string[] | undefined> => {
  const order = session.orders.sent({ what: title, type, run, afterSeq: session.nextSeqOf(run), reason: signed.reason });
  try {
    announce(`${title}: ${order.answered(await send(signed))}`);
    return undefined;
  } catch (error) {
    const problems = [problemText(error), ...(error instanceof ApiProblem ? error.errors : [])];
    if (open()) order.drop();
    else order.failed(problems.join('; '));
    announce(`${title}: ${problems[0] ?? ''}`);
    return problems;
  }
};

/** As the server would say it, but of a field that is seen. */
const faultOf = (what: string, text: string, longest: number): string | undefined => {
  if (text === '') return `${what} must not be blank.`;
  if (text.length > longest) return `${what} has ${text.length} characters; at most ${longest} are taken.`;
  return /\p{Cc}/u.test(text) ? `${what} must not have control characters.` : undefined;
};
