import type { Run } from '../api/documents';
import { minuteText } from '../format/time';
import { VIEWS, routeText } from '../route';
import type { View } from '../route';
import { session } from '../state/app';
import { goTo, route } from '../state/navigation';
import type { Connection, RunFeed } from '../state/runFeed';
import { switchTheme, theme } from '../state/theme';
import { useValue } from '../state/useValue';

const NAMES: Readonly<Record<View, string>> = { now: 'Now', blotter: 'Blotter', policy: 'Policy', audit: 'Audit' };
const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'reconnecting',
  refused: 'not available',
};

interface HeaderProps {
  readonly feed: RunFeed | undefined;
  readonly runs: readonly Run[];
  readonly onHelp: () => void;
}

/** Where one is, which run is looked at, and whether what is shown is of now. */
export const Header = ({ feed, runs, onHelp }: HeaderProps) => {
  const { view } = useValue(route);
  const scheme = useValue(theme);
  const status = useValue(session.status);
  return (
    <header class="header">
      <span class="brand">
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <path
            d="M3 3v14M17 3v14M3 7h14M3 13h5M12 13h5"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
          />
        </svg>
        PolicyGate
      </span>
      <nav aria-label="Views">
        {VIEWS.map((name) => (
          <a
            key={name}
            href={routeText({ view: name, run: feed?.runId, intent: undefined, query: {} })}
            aria-current={name === view ? 'page' : undefined}
          >
            {NAMES[name]}
          </a>
        ))}
      </nav>
      <span class="spacer" />
      {feed !== undefined && (
        <select
          aria-label="Run"
          name="run"
          class="run"
          value={feed.runId}
          onChange={(event) => goTo({ view, run: event.currentTarget.value, intent: undefined, query: {} })}
        >
          {runs.every(({ run_id }) => run_id !== feed.runId) && <option value={feed.runId}>{feed.runId}</option>}
          {runs.map(({ run_id, account_id, status: state }) => (
            <option key={run_id} value={run_id}>
              {run_id} · {account_id}
              {state === 'ACTIVE' ? '' : ` · ${state.toLowerCase()}`}
            </option>
          ))}
        </select>
      )}
      {feed !== undefined && <Feed feed={feed} />}
      <button type="button" onClick={switchTheme} title="Light or dark (t)">
        {scheme === 'dark' ? 'Light' : 'Dark'}
      </button>
      <button type="button" onClick={onHelp} title="Keys (?)">
        Keys
      </button>
      {session.token !== undefined && (
        <button
          type="button"
          onClick={() => session.signOut()}
          title={status === undefined ? '' : `${status.caller.name}: ${status.caller.roles.join(', ')}`}
        >
          Sign out
        </button>
      )}
    </header>
  );
};

const Feed = ({ feed }: { readonly feed: RunFeed }) => {
  const connection = useValue(feed.connection);
  const problem = useValue(feed.problem);
  useValue(feed.version);
  const { lastClock } = feed.store;
  return (
    <span class={`feed feed-${connection}`} title={problem ?? 'Whether new records arrive, and the time of the last one'}>
      <span class="dot" aria-hidden="true" />
      {CONNECTIONS[connection]}
      {lastClock > 0 && <time> {minuteText(lastClock)} UTC</time>}
    </span>
  );
};
