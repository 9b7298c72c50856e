import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiProblem, problemText } from '../api/client';
import type { Signed } from '../api/client';
import type { ControlAnswer } from '../api/documents';
import { announce } from '../state/announcements';
import { Dialog } from './Dialog';

const ACTOR = 'policygate.actor';

interface SignedDialogProps {
  readonly title: string;
  readonly button: string;
  /** Red: it stops or lets loose money. */
  readonly grave?: boolean;
  readonly send: (signed: Signed) => Promise<ControlAnswer>;
  readonly onClose: (done: boolean) => void;
  readonly children?: ComponentChildren;
}

/** Asks who does something and why, which goes on the record, and does it. */
export const SignedDialog = ({ title, button, grave = false, send, onClose, children }: SignedDialogProps) => {
  const [actor, setActor] = useState(sessionStorage.getItem(ACTOR) ?? '');
  const [reason, setReason] = useState('');
  const [sending, setSending] = useState(false);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setProblems([]);
    sessionStorage.setItem(ACTOR, actor);
    try {
      announce(`${title}: ${saidOf(await send({ actor: actor.trim(), reason: reason.trim() }))}`);
      onClose(true);
    } catch (error) {
      setProblems([problemText(error), ...(error instanceof ApiProblem ? error.errors : [])]);
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
            autoComplete="name"
            value={actor}
            onInput={(event) => setActor(event.currentTarget.value)}
          />
        </label>
        <label>
          Reason
          <input name="reason" required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <p class="hint">Both go on the record.</p>
        {problems.map((problem) => (
          <p key={problem} class="problem" role="alert">
            {problem}
          </p>
        ))}
        <div class="actions">
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class={grave ? 'grave' : 'main'} disabled={sending}>
            {sending ? 'Waiting for the runs…' : button}
          </button>
        </div>
      </form>
    </Dialog>
  );
};

const saidOf = ({ answers }: ControlAnswer): string =>
  answers === null
    ? 'it is on the log, and takes effect when the shards read it'
    : answers.map(({ run_id, note }) => `run ${run_id}: ${note ?? 'done'}`).join(', ') || 'done';
