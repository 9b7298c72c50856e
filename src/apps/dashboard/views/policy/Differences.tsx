import type { PolicyDiff } from '../../api/documents';
import { valueText } from '../../components/Fields';
import { Hash } from '../../components/Hash';

/** What a candidate would change, or why it cannot be a policy. */
export const Differences = ({ diff }: { readonly diff: PolicyDiff }) => {
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
