import type { Policies } from '../../api/documents';
import { dateTimeText } from '../../format/time';

/** Says that the watched file was edited to something that is not in force: who saved it believes that it is. */
export const RefusedEdit = ({ policies }: { readonly policies: Policies | undefined }) => {
  const { refused = null, watching = null } = policies ?? {};
  if (refused === null) return null;
  return (
    <section class="banner banner-warning" aria-label="Refused policy" role="alert">
      <span>
        <strong>
          {refused.policy_hash !== null && 'The last edit of '}
          <bdi>{watching ?? 'the watched file'}</bdi>
          {refused.policy_hash === null ? ' cannot be read, and edits are not followed' : ' was refused'}
        </strong>
        {refused.policy_hash === null ? ', since ' : ' at '}
        {dateTimeText(refused.at)}; the policy before it stays in force.
      </span>
      <ul>
        {refused.errors.map((error) => (
          <li key={error}>{error}</li>
        ))}
      </ul>
    </section>
  );
};
