/** What the page shows, as the address says it (`#/blotter/RUN/INTENT?verdict=DENY`): every state that one would send to a colleague has an address. */
export const VIEWS = ['now', 'blotter', 'policy', 'audit'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  readonly run: string | undefined;
  /** The intent whose timeline is open, in the blotter. */
  readonly intent: string | undefined;
  /** Filters and whatever else a view keeps in the address; `run` is not among them. */
  readonly query: Readonly<Record<string, string>>;
}

export const readRoute = (hash: string): Route => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [name = '', run, intent] = path.split('/').map(decoded);
  const query = Object.fromEntries([...new URLSearchParams(search)].filter(([key, value]) => key !== 'run' && value !== ''));
  return {
    view: VIEWS.find((view) => view === name) ?? 'now',
    run: present(run) ?? present(new URLSearchParams(search).get('run')),
    intent: present(intent),
    query,
  };
};

export const routeText = ({ view, run, intent, query }: Route): string => {
  const inPath = run !== undefined && intent !== undefined;
  const path = inPath ? `${view}/${encodeURIComponent(run)}/${encodeURIComponent(intent)}` : view;
  const parameters = new URLSearchParams({ ...(run === undefined || inPath ? {} : { run }), ...query }).toString();
  return `#/${path}${parameters === '' ? '' : `?${parameters}`}`;
};

const present = (text: string | null | undefined): string | undefined => (text === null || text === '' ? undefined : text);

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
