import { useState } from 'preact/hooks';
import type { PolicyDiff } from '../../api/documents';
import { problemText } from '../../api/client';
import { valueText } from '../../components/Fields';
import { Hash } from '../../components/Hash';
import { Panel, ProblemLine } from '../../components/Panel';
import { SignedDialog } from '../../components/SignedDialog';
import { announce } from '../../state/announcements';
import { api, session } from '../../state/app';

interface CandidateProps {
  readonly run: string;
  /** The text in force, to begin with. */
  readonly activeText: string | undefined;
  readonly onActivated: () => void;
}

/** Another policy beside the one in force: what would change, and the means to put it in force for those who may. */
export const Candidate = ({ run, activeText, onActivated }: CandidateProps) => {
  const [text, setText] = useState('');
  const [diff, setDiff] = useState<PolicyDiff | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const [activating, setActivating] = useState(false);
  const edit = (next: string): void => {
    setText(next);
    setDiff(undefined);
    setProblem(undefined);
  };
  const compare = async (candidate: string): Promise<void> => {
    setProblem(undefined);
    try {
      const found = await api.diff(run, candidate);
      setDiff(found);
      announce(
        found.valid ? `${found.differences.length} differences` : `The candidate is invalid: ${found.errors.length} errors`,
      );
    } catch (error) {
      setProblem(problemText(error));
    }
  };
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
          <button type="button" class="grave" disabled={diff?.valid !== true} onClick={() => setActivating(true)}>
            Activate…
          </button>
        ) : (
          <p class="hint">To activate it, sign in with a token that has the role operate.</p>
        )}
      </div>
      <ProblemLine problem={problem} />
      {diff !== undefined && <Differences diff={diff} />}
      {activating && (
        <Activation
          run={run}
          text={text}
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

const Activation = ({
  run,
  text,
  onClose,
}: {
  readonly run: string;
  readonly text: string;
  readonly onClose: (done: boolean) => void;
}) => {
  const [everyRun, setEveryRun] = useState(false);
  return (
    <SignedDialog
      title="Activate this policy"
      button="Activate"
      grave
      send={(signed) => api.activate(text, everyRun ? undefined : run, signed)}
      onClose={onClose}
    >
      <p>Every intent after it is judged by the new limits.</p>
      <label class="check">
        <input type="checkbox" checked={everyRun} onChange={(event) => setEveryRun(event.currentTarget.checked)} />
        For every active run, not for {run} alone
      </label>
    </SignedDialog>
  );
};

const Differences = ({ diff }: { readonly diff: PolicyDiff }) => {
  const { valid, errors, warnings, differences, policy_hash } = diff;
  if (!valid)
    return (
      <ul class="problems" aria-label="Errors of the candidate">
        {errors.map((error) => (
          <li key={error}>{error}</li>
        ))}
      </ul>
    );
  return (
    <>
      <p class="summary">
        Valid, <Hash label="Hash of the candidate" value={policy_hash} />.{' '}
        {differences.length === 0 ? 'It says the same as the policy in force.' : `${differences.length} differences:`}
      </p>
      {warnings.map((warning) => (
        <p key={warning} class="warning">
          {warning}
        </p>
      ))}
      {differences.length > 0 && (
        <table class="diff">
          <caption class="unseen">Differences of the candidate from the policy in force</caption>
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col" class="figures">
                In force
              </th>
              <th scope="col" class="figures">
                Candidate
              </th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ path, from, to }) => (
              <tr key={path}>
                <th scope="row">{path}</th>
                <td class="figures removed">{from === null ? 'not there' : valueText(from)}</td>
                <td class="figures added">{to === null ? 'not there' : valueText(to)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};
