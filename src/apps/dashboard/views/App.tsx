import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Run } from '../api/documents';
import type { VIEWS } from '../route';
import { announce, announcement } from '../state/announcements';
import { api, session } from '../state/app';
import { useKeys } from '../state/keys';
import { goTo, route } from '../state/navigation';
import { RunFeed } from '../state/runFeed';
import { switchTheme } from '../state/theme';
import { useValue } from '../state/value';
import { Audit } from './audit/Audit';
import { Blotter } from './blotter/Blotter';
import { Header } from './Header';
import { Help } from './Help';
import { KillSwitchBanner } from './KillSwitchBanner';
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
    document.title = `${current.view[0]?.toUpperCase() ?? ''}${current.view.slice(1)} · ${runId ?? 'no run'} · PolicyGate`;
  }, [current.view, runId]);
  return (
    <>
      <Header feed={feed} runs={runs} onHelp={() => setHelp(true)} />
      {feed !== undefined && <FeedNews feed={feed} />}
      {problem !== undefined && (
        <p class="banner banner-warning" role="alert">
          {problem}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        {feed === undefined ? (
          <p class="empty">
            {status === undefined ? 'Asking the server…' : 'There is no run yet. It appears here when the first one starts.'}
          </p>
        ) : (
          <Shown key={`${current.view} ${feed.runId}`} feed={feed} />
        )}
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
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

/** The kill switch's banner; and what is heard when the connection is lost and found. */
const FeedNews = ({ feed }: { readonly feed: RunFeed }) => {
  const after = useValue(feed.version);
  const connection = useValue(feed.connection);
  useEffect(
    () => announce(connection === 'lost' ? 'The connection is lost, trying again' : connection === 'live' ? 'Live' : ''),
    [connection],
  );
  return <KillSwitchBanner run={feed.runId} after={after} />;
};

/** The feed of the run that is looked at; another run or another caller begins another. */
const useFeed = (runId: string | undefined): RunFeed | undefined => {
  const generation = useValue(session.generation);
  const feed = useMemo(() => (runId === undefined ? undefined : new RunFeed(api, runId)), [runId, generation]);
  useEffect(() => {
    feed?.start();
    return () => feed?.stop();
  }, [feed]);
  return feed;
};

const newest = (runs: readonly Run[]): Run | undefined => runs.find(({ status }) => status === 'ACTIVE') ?? runs[0];
