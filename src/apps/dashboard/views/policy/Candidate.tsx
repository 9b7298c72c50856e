import { useEffect, useRef, useState } from 'preact/hooks';
import type { PolicyDiff } from '../../api/documents';
import { problemText } from '../../api/client';
import { Panel, ProblemLine } from '../../components/Panel';
import { SignedDialog } from '../../components/SignedDialog';
import { announce } from '../../state/announcements';
import { api, session } from '../../state/app';
import { drafts } from '../../state/drafts';
import { Differences } from './Differences';

interface CandidateProps {
  readonly run: string;
  /** Of the policy in force. */
  readonly policyHash: string | null;
  /** The text in force, to begin with. */
  readonly activeText: string | undefined;
  readonly onActivated: () => void;
}

/** Another policy beside the one in force: what would change, and the means to put it in force for those who may. */
export const Candidate = ({ run, policyHash, activeText, onActivated }: CandidateProps) => {
  const [text, setText] = useState(drafts.get(run) ?? '');
  const [diff, setDiff] = useState<PolicyDiff | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [activating, setActivating] = useState(false);
  /** Counts what was asked: an answer that comes after the next question is of no use. */
  const asked = useRef(0);
  const edit = (next: string): void => {
    setText(next);
    drafts.set(run, next);
    asked.current += 1;
    setDiff(undefined);
    setProblem(undefined);
  };
  const compare = async (candidate: string): Promise<void> => {
    setProblem(undefined);
    asked.current += 1;
    const question = asked.current;
    try {
      const found = await api.diff(run, candidate);
      if (question !== asked.current) return;
      setDiff(found);
      announce(
        found.valid ? `${found.differences.length} differences` : `The candidate is invalid: ${found.errors.length} errors`,
      );
    } catch (error) {
      if (question === asked.current) setProblem(problemText(error));
    }
  };
  // Another policy is in force: what was compared with the one before says nothing any more.
  const outdated = diff !== undefined && policyHash !== null && diff.against !== policyHash;
  useEffect(() => {
    if (outdated) void compare(text);
  }, [outdated, policyHash]);
  const blocked = outdated ? 'Another policy is in force since this was compared; comparing again…' : undefined;
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const contents = await file.text();
    edit(contents);
    await compare(contents);
  };
  return (
    <Panel
      title="Compare with a candidate"
      aside={
        activeText !== undefined && (
          <button type="button" onClick={() => edit(activeText)}>
            Begin with the text in force
          </button>
        )
      }
    >
      <label class="stacked">
        Policy (YAML)
        <textarea
          name="candidate"
          rows={12}
          spellcheck={false}
          value={text}
          placeholder="Paste a policy, or choose a file."
          onInput={(event) => edit(event.currentTarget.value)}
        />
      </label>
      <div class="actions actions-start">
        <button type="button" class="main" disabled={text.trim() === ''} onClick={() => void compare(text)}>
          Compare
        </button>
        <label class="file">
          File
          <input
            type="file"
            accept=".yaml,.yml,.json,text/yaml"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        </label>
        {session.mayOperate ? (
          <button type="button" class="grave" disabled={diff?.valid !== true || outdated} onClick={() => setActivating(true)}>
            Activate…
          </button>
        ) : (
          <p class="hint">To activate it, sign in with a token that has the role operate.</p>
        )}
      </div>
      <ProblemLine problem={problem} />
      {blocked !== undefined && <p class="warning">{blocked}</p>}
      {diff !== undefined && !outdated && <Differences diff={diff} />}
      {activating && (
        <Activation
          run={run}
          text={text}
          comparedWith={diff?.against ?? null}
          blocked={blocked}
          onClose={(done) => {
            setActivating(false);
            if (!done) return;
            edit('');
            onActivated();
          }}
        />
      )}
    </Panel>
  );
};

interface ActivationProps {
  readonly run: string;
  readonly text: string;
  /** Hash of the policy that the differences on show are from. */
  readonly comparedWith: string | null;
  readonly blocked: string | undefined;
  readonly onClose: (done: boolean) => void;
}

const Activation = ({ run, text, comparedWith, blocked, onClose }: ActivationProps) => {
  const [everyRun, setEveryRun] = useState(false);
  const [asked] = useState(comparedWith);
  const changed =
    asked === comparedWith
      ? undefined
      : 'Another policy came into force meanwhile: close this, and look at the differences again.';
  return (
    <SignedDialog
      title="Activate this policy"
      button="Activate"
      grave
      type="PolicyActivated"
      run={everyRun ? undefined : run}
      blocked={blocked ?? changed}
      send={(signed) => api.activate(text, everyRun ? undefined : run, signed)}
      onClose={onClose}
    >
      <p>Every intent after it is judged by the new limits.</p>
      <label class="check">
        <input type="checkbox" checked={everyRun} onChange={(event) => setEveryRun(event.currentTarget.checked)} />
        <span>
          For every active run, not for <bdi>{run}</bdi> alone
        </span>
      </label>
    </SignedDialog>
  );
};
