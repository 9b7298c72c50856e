import { useState } from 'preact/hooks';
import type { ResolvedLimits } from '../../api/documents';
import { valueText } from '../../components/Fields';
import { Panel, ProblemLine } from '../../components/Panel';
import { api } from '../../state/app';
import type { RunFeed } from '../../state/runFeed';
import { useFetched } from '../../state/useFetched';
import { useValue } from '../../state/useValue';

interface ActiveLimitsProps {
  readonly feed: RunFeed;
  /** Changes when another policy holds. */
  readonly policyHash: string | null;
}

/** The limits by which an order of one symbol and one strategy is judged, and which part of the policy they come from. */
export const ActiveLimits = ({ feed, policyHash }: ActiveLimitsProps) => {
  useValue(feed.version); // new symbols and strategies to choose from
  const [symbol, setSymbol] = useState('');
  const [strategy, setStrategy] = useState('');
  const { strategies, symbols } = feed.store.dictionaries;
  const { data, problem } = useFetched(`limits ${feed.runId} ${policyHash ?? ''} ${symbol} ${strategy}`, () =>
    api.limits(feed.runId, symbol.trim(), strategy.trim()),
  );
  return (
    <Panel title="Limits in force" aside={data !== undefined && <span class="state">{data.mode}</span>}>
      <div class="fields-row">
        <label>
          Symbol
          <input
            name="symbol"
            list="symbols"
            placeholder="any"
            value={symbol}
            onInput={(event) => setSymbol(event.currentTarget.value)}
          />
        </label>
        <label>
          Strategy
          <input
            name="strategy"
            list="strategies"
            placeholder="any"
            value={strategy}
            onInput={(event) => setStrategy(event.currentTarget.value)}
          />
        </label>
        <Names id="symbols" names={symbols.sorted()} />
        <Names id="strategies" names={strategies.sorted()} />
      </div>
      <ProblemLine problem={problem} />
      {data !== undefined && <LimitsTable limits={data.limits} />}
    </Panel>
  );
};

const Names = ({ id, names }: { readonly id: string; readonly names: readonly string[] }) => (
  <datalist id={id}>
    {names.map((name) => (
      <option key={name} value={name} />
    ))}
  </datalist>
);

const LimitsTable = ({ limits }: { readonly limits: ResolvedLimits['limits'] }) => (
  <table class="limits-table">
    <caption class="unseen">Limits by block, with the part of the policy that they come from</caption>
    <thead>
      <tr>
        <th scope="col">Limit</th>
        <th scope="col" class="figures">
          Value
        </th>
        <th scope="col">From</th>
      </tr>
    </thead>
    {Object.entries(limits).map(
      ([block, resolved]) =>
        resolved !== undefined && (
          <tbody key={block}>
            {Object.entries(resolved.values).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">
                  <span class="quiet">{block}.</span>
                  {name}
                </th>
                <td class="figures">{value === null ? 'not checked' : valueText(value)}</td>
                <td class={resolved.source.startsWith('overrides') ? 'source overridden' : 'source'}>{resolved.source}</td>
              </tr>
            ))}
          </tbody>
        ),
    )}
  </table>
);
