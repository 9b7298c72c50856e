import type { RuleResult } from '../../api/documents';
import { Meter } from '../../components/Meter';
import { exactText, roughly } from '../../format/exact';

/** Every rule with what it measured: those that did not fire say how far away they were. */
export const RulesTable = ({ rules }: { readonly rules: readonly RuleResult[] }) => (
  <table class="rules-table">
    <caption class="unseen">Every rule, in the order of evaluation</caption>
    <thead>
      <tr>
        <th scope="col">Rule</th>
        <th scope="col" class="figures">
          Value
        </th>
        <th scope="col" class="figures">
          Limit
        </th>
        <th scope="col" class="figures">
          Headroom
        </th>
        <th scope="col">Used</th>
      </tr>
    </thead>
    <tbody>
      {rules.map((rule) => (
        <RuleRow key={rule.rule_id} {...rule} />
      ))}
    </tbody>
  </table>
);

const RuleRow = ({ rule_id, name, fired, value, limit, headroom, message }: RuleResult) => (
  <>
    <tr class={fired ? 'fired' : ''}>
      <th scope="row">
        <span class="fired-mark" role="img" aria-label={fired ? 'fired' : 'passed'}>
          {fired ? '✕' : '✓'}
        </span>
        <span class="rule">{rule_id}</span> {name}
      </th>
      <td class="figures">{exactText(value)}</td>
      <td class="figures">{exactText(limit)}</td>
      <td class="figures">{exactText(headroom)}</td>
      <td class="used">
        {value !== null && limit !== null && (
          <Meter label={`${rule_id} used`} used={usedOf(value, limit)} text={`${exactText(value)} of ${exactText(limit)}`} />
        )}
      </td>
    </tr>
    {fired && message !== null && (
      <tr class="fired message">
        <td colSpan={5}>{message}</td>
      </tr>
    )}
  </>
);

/** For the bar alone: a loss and its limit are both below zero. */
const usedOf = (value: RuleResult['value'], limit: RuleResult['limit']): number => {
  const most = roughly(limit);
  return most === 0 ? 0 : Math.max(0, roughly(value) / most);
};
