import type { Ref } from 'preact';
import type { Dictionaries } from '../../journal/dictionary';

interface FilterBarProps {
  readonly dictionaries: Dictionaries;
  readonly query: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string>>) => void;
  readonly searchField: Ref<HTMLInputElement>;
}

/** What the blotter is filtered by; each choice is in the page's address. */
export const FilterBar = ({ dictionaries, query, onChange, searchField }: FilterBarProps) => {
  const rules = [...new Set(dictionaries.rules.sorted().flatMap((names) => names.split(' ')))].sort((a, b) => (a < b ? -1 : 1));
  const filtered = ['verdict', 'rule', 'strategy', 'symbol', 'text', 'show'].some((name) => (query[name] ?? '') !== '');
  return (
    <form class="filters" role="search" aria-label="Filter the blotter" onSubmit={(event) => event.preventDefault()}>
      <input
        ref={searchField}
        type="search"
        name="text"
        aria-label="Search text"
        placeholder="Search intent, symbol, note…  ( / )"
        value={query.text ?? ''}
        onInput={(event) => onChange({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
        }}
      />
      <Choice name="verdict" label="Verdict" options={['ALLOW', 'MODIFY', 'DENY']} query={query} onChange={onChange} />
      <Choice name="rule" label="Rule" options={rules} query={query} onChange={onChange} />
      <Choice name="strategy" label="Strategy" options={dictionaries.strategies.sorted()} query={query} onChange={onChange} />
      <Choice name="symbol" label="Symbol" options={dictionaries.symbols.sorted()} query={query} onChange={onChange} />
      <label class="check">
        <input
          type="checkbox"
          checked={query.show === 'executions'}
          onChange={(event) => onChange({ show: event.currentTarget.checked ? 'executions' : '' })}
        />
        Executions
      </label>
      {filtered && (
        <button type="button" onClick={() => onChange({ verdict: '', rule: '', strategy: '', symbol: '', text: '', show: '' })}>
          Clear
        </button>
      )}
    </form>
  );
};

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string>>) => void;
}

/** One of some names, or any. A name that was asked for by the address alone is an option too. */
export const Choice = ({ name, label, options, query, onChange }: ChoiceProps) => {
  const chosen = query[name] ?? '';
  const all = chosen === '' || options.includes(chosen) ? options : [chosen, ...options];
  return (
    <select
      name={name}
      aria-label={label}
      class={chosen === '' ? '' : 'chosen'}
      value={chosen}
      onChange={(event) => onChange({ [name]: event.currentTarget.value })}
    >
      <option value="">{label}</option>
      {all.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
};
