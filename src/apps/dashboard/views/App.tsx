import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Run } from '../api/documents';
import { visible } from '../format/visible';
import { routeText } from '../route';
import type { VIEWS } from '../route';
import { timeText } from '../format/time';
import { announce, announcement } from '../state/announcements';
import { api, session } from '../state/app';
import { useKeys } from '../state/keys';
import { goTo, route } from '../state/navigation';
import { RunFeed } from '../state/runFeed';
import { switchTheme } from '../state/theme';
import { useValue } from '../state/useValue';
import { Audit } from './audit/Audit';
import { Blotter } from './blotter/Blotter';
import { GivenOrdersList } from './GivenOrdersList';
import { Header } from './Header';
import { Help } from './Help';
import { KillSwitchBanner } from './KillSwitchBanner';
import { ModeBanner } from './ModeBanner';
import { Now } from './now/Now';
import { Policy } from './policy/Policy';
import { SignIn } from './SignIn';

/** The whole page. */
export const App = () => {
  const signedOut = useValue(session.signedOut);
  const said = useValue(announcement);
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to the content
      </a>
      {signedOut ? <SignIn /> : <Console />}
      <div class="unseen" role="status" aria-live="polite">
        {said}
      </div>
    </>
  );
};

/** The address is the route, so that it cannot be an anchor too. */
const skipToContent = (event: Event): void => {
  event.preventDefault();
  document.getElementById('content')?.focus();
};

const Console = () => {
  const runs = useValue(session.runs);
  const status = useValue(session.status);
  const problem = useValue(session.problem);
  const asOf = useValue(session.asOf);
  const current = useValue(route);
  const [help, setHelp] = useState(false);
  const runId = current.run ?? status?.default_run ?? newest(runs)?.run_id;
  const feed = useFeed(runId);
  const look = (view: (typeof VIEWS)[number]): void => goTo({ view, run: runId, intent: undefined, query: {} });
  useKeys({
    '1': () => look('now'),
    '2': () => look('blotter'),
    '3': () => look('policy'),
    '4': () => look('audit'),
    t: switchTheme,
    '?': () => setHelp(true),
  });
  useEffect(() => {
    const view = `${current.view[0]?.toUpperCase() ?? ''}${current.view.slice(1)}`;
    document.title = `${view} · ${visible(runId ?? 'no run')} · PolicyGate`;
  }, [current.view, runId]);
  return (
    <>
      <Header feed={feed} runs={runs} onHelp={() => setHelp(true)} />
      {feed !== undefined && <FeedNews feed={feed} />}
      {problem !== undefined && (
        <p class="banner banner-warning" role="alert">
          {problem}
          {asOf !== undefined && ` What is shown is of ${timeText(asOf).slice(0, 8)} UTC.`}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        {feed === undefined ? (
          <p class="empty">
            {status !== undefined
              ? 'There is no run yet. It appears here when the first one starts.'
              : problem === undefined
                ? 'Asking the server…'
                : 'The server shows nothing to this page; the reason stands above.'}
          </p>
        ) : (
          <Known key={`${current.view} ${feed.runId}`} feed={feed} runs={runs} />
        )}
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
};

/** The view; where there is no such run, that, and which there are. */
const Known = ({ feed, runs }: { readonly feed: RunFeed; readonly runs: readonly Run[] }) => {
  if (!useValue(feed.unknown)) return <Shown feed={feed} />;
  return (
    <div class="empty">
      <p class="problem" role="alert">
        There is no run <bdi>{feed.runId}</bdi> here.
      </p>
      <ul aria-label="Runs">
        {runs.map(({ run_id }) => (
          <li key={run_id}>
            <a href={routeText({ view: route.current.view, run: run_id, intent: undefined, query: {} })}>{run_id}</a>
          </li>
        ))}
      </ul>
    </div>
  );
};

const Shown = ({ feed }: { readonly feed: RunFeed }) => {
  switch (route.current.view) {
    case 'now':
      return <Now feed={feed} />;
    case 'blotter':
      return <Blotter feed={feed} />;
    case 'policy':
      return <Policy feed={feed} />;
    case 'audit':
      return <Audit feed={feed} />;
  }
};

/** The banners that stand above every view; and what is heard when the connection is lost and found. */
const FeedNews = ({ feed }: { readonly feed: RunFeed }) => {
  const after = useValue(feed.version);
  const connection = useValue(feed.connection);
  useEffect(
    () => announce(connection === 'lost' ? 'The connection is lost, trying again' : connection === 'live' ? 'Live' : ''),
    [connection],
  );
  const problem = useValue(feed.problem);
  return (
    <>
      <KillSwitchBanner run={feed.runId} after={after} />
      <ModeBanner run={feed.runId} />
      <GivenOrdersList />
      {connection === 'lost' && problem !== undefined && (
        <p class="banner banner-warning" role="alert">
          Nothing new arrives: {problem} Trying again.
        </p>
      )}
    </>
  );
};

/** The feed of the run that is looked at; another run or another caller begins another. */
const useFeed = (runId: string | undefined): RunFeed | undefined => {
  const generation = useValue(session.generation);
  const feed = useMemo(
    () => (runId === undefined ? undefined : new RunFeed(api, runId, (rows) => session.noticed(runId, rows))),
    [runId, generation],
  );
  useEffect(() => {
    feed?.start();
    return () => feed?.stop();
  }, [feed]);
  return feed;
};

const newest = (runs: readonly Run[]): Run | undefined => runs.find(({ status }) => status === 'ACTIVE') ?? runs[0];
