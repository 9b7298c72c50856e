/**
 * Keeps other people's web pages out where no token does. A browser on this machine can reach the loopback interface for any page that it shows:
 * such a page may send requests (its Origin tells), and after its name was pointed at 127.0.0.1 it may even read the answers, as its own
 * (DNS rebinding; its Host tells). Programs send no Origin and name us as they reach us.
 */
import { isIPv4 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { Problem } from './problem';

/** Throws a Problem. `safe`: the method changes nothing, so what a page sends does no harm, and it cannot read the answer. */
export const ownPagesOnly = ({ headers }: IncomingMessage, safe: boolean): void => {
  const { host, origin } = headers;
  if (host !== undefined && !isLoopback(nameOf(host)))
    throw new Problem('forbidden', {
      detail: 'Host: this server does not go by that name; without tokens it answers to localhost, 127.0.0.1 and [::1] only',
      field: 'Host',
      expected: 'localhost, 127.0.0.1 or [::1]',
    });
  if (origin !== undefined && !safe && !isOurs(origin, host))
    throw new Problem('forbidden', {
      detail: 'Origin: pages of other origins may not send this; use the dashboard that this server serves',
      field: 'Origin',
    });
};

/** Whether a name or an address means this machine itself. */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
};

/** Without its port. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:[0-9]*$/, '');

/** Another port of the same host is another origin. */
const isOurs = (origin: string, host: string | undefined): boolean => {
  const [, authority = ''] = /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase()) ?? [];
  return authority !== '' && authority === host?.toLowerCase();
};
