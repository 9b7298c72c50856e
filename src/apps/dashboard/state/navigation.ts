/** Where the page is, as its address says. */
import { readRoute, routeText } from '../route';
import type { Route } from '../route';
import { Value } from './value';

export const route = new Value<Route>(readRoute(location.hash));

export const startNavigation = (): void => window.addEventListener('hashchange', () => route.set(readRoute(location.hash)));

/** `replace`: what is changed by every key press does not fill the history. */
export const goTo = (next: Route, replace = false): void => {
  const text = routeText(next);
  if (replace) history.replaceState(null, '', text);
  else history.pushState(null, '', text);
  route.set(next);
};

/** The query with some of it changed; empty texts go. */
export const withQuery = (current: Route, changes: Readonly<Record<string, string>>): Route => ({
  ...current,
  query: Object.fromEntries(Object.entries({ ...current.query, ...changes }).filter(([, value]) => value !== '')),
});
