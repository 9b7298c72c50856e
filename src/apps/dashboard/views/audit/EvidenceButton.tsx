import { useState } from 'preact/hooks';
import { problemText } from '../../api/client';
import { ProblemLine } from '../../components/Panel';
import { api } from '../../state/app';

/** Saves the file that proves a decision. It is fetched by the page, since a link could not carry the token. */
export const EvidenceButton = ({ run, intent }: { readonly run: string; readonly intent: string }) => {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const save = async (): Promise<void> => {
    setProblem(undefined);
    try {
      saveFile(await api.evidence(run, intent), `${intent.replace(/[^A-Za-z0-9._-]/g, '_')}.evidence.json`);
    } catch (error) {
      setProblem(problemText(error));
    }
  };
  return (
    <>
      <button type="button" onClick={() => void save()}>
        Export evidence
      </button>
      <ProblemLine problem={problem} />
    </>
  );
};

const saveFile = (contents: Blob, name: string): void => {
  const address = URL.createObjectURL(contents);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
};
