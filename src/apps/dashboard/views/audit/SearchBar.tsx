import type { Ref } from 'preact';
import { useState } from 'preact/hooks';
import type { Dictionaries } from '../../journal/dictionary';
import { Choice } from '../blotter/FilterBar';

const KINDS = ['DECISION', 'EXECUTION', 'CONTROL', 'KILL_SWITCH', 'DUPLICATE', 'REJECTED_INPUT'];

interface SearchBarProps {
  readonly dictionaries: Dictionaries;
  readonly query: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string>>) => void;
  /** A seq or the id of an intent, which the server finds wherever it is. */
  readonly onFind: (what: string) => void;
  readonly searchField: Ref<HTMLInputElement>;
}

/** Goes to one record, or narrows the list. */
export const SearchBar = ({ dictionaries, query, onChange, onFind, searchField }: SearchBarProps) => {
  const [what, setWhat] = useState('');
  const rules = [...new Set(dictionaries.rules.sorted().flatMap((names) => names.split(' ')))].sort((a, b) => (a < b ? -1 : 1));
  return (
    <form
      class="filters"
      role="search"
      aria-label="Find records"
      onSubmit={(event) => {
        event.preventDefault();
        if (what.trim() !== '') onFind(what.trim());
      }}
    >
      <input
        ref={searchField}
        type="search"
        name="find"
        aria-label="Seq or intent id"
        placeholder="Seq or intent id  ( / )"
        value={what}
        onInput={(event) => setWhat(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <button type="submit">Find</button>
      <Choice name="kind" label="Kind" options={KINDS} query={query} onChange={onChange} />
      <Choice name="rule" label="Rule" options={rules} query={query} onChange={onChange} />
      <TimeField name="from" label="From" query={query} onChange={onChange} />
      <TimeField name="to" label="To" query={query} onChange={onChange} />
    </form>
  );
};

interface TimeFieldProps {
  readonly name: string;
  readonly label: string;
  readonly query: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string>>) => void;
}

const TimeField = ({ name, label, query, onChange }: TimeFieldProps) => (
  <input
    name={name}
    class="time"
    aria-label={`${label}, time in UTC`}
    placeholder={`${label} 09:30`}
    title="UTC: 09:30, 09:30:01 or 2026-02-24T09:30:01Z"
    value={query[name] ?? ''}
    onChange={(event) => onChange({ [name]: event.currentTarget.value.trim() })}
  />
);
