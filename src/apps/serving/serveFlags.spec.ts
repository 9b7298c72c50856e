import { checkServeFlags } from './serveFlags';
import type { ServeFlags } from './serveFlags';

const FILES = { policy: 'p.yaml', portfolio: 'p.json', market: 'm.json' };
const check = (bus: 'embedded' | 'kafka', flags: Partial<ServeFlags>) => () =>
  checkServeFlags({ account: 'none', equityMode: 'fixed', onBrokerError: 'stop', ...flags }, { bus });

it.each<Partial<ServeFlags>>([
  {},
  FILES,
  { ...FILES, newRun: true },
  { policy: 'p.yaml', watchPolicy: true },
  { broker: 'alpaca', auditLog: 'a', execLog: 'e', run: 'r-1' },
])('takes on the embedded bus %j', (flags) => expect(check('embedded', flags)).not.toThrow());

it.each<Partial<ServeFlags>>([{}, { run: 'r-1' }, { run: 'r-1', ...FILES, watchPolicy: true }])('takes on Kafka %j', (flags) =>
  expect(check('kafka', flags)).not.toThrow(),
);

it.each<readonly ['embedded' | 'kafka', Partial<ServeFlags>, RegExp]>([
  ['embedded', { run: '*' }, /^--run/],
  ['embedded', { account: '' }, /^--account/],
  ['embedded', { watchPolicy: true }, /^--watch-policy: .*--policy/],
  ['embedded', { newRun: true, policy: 'p.yaml' }, /^--new-run: expected --policy, --portfolio and --market/],
  ['kafka', { broker: 'sim' }, /^--broker is for the embedded bus; .*gateway/],
  ['kafka', { auditLog: 'a' }, /^--audit-log is for the embedded bus; .*export/],
  ['kafka', { execLog: 'e' }, /^--exec-log is for the embedded bus; .*export/],
  ['kafka', { ...FILES, run: 'r-1', newRun: true }, /^--new-run is for the embedded bus; .*runs end/],
  ['kafka', FILES, /^--run is missing/],
  ['kafka', { policy: 'p.yaml', watchPolicy: true }, /^--run is missing/],
])('refuses on the %s bus %j', (bus, flags, line) => expect(check(bus, flags)).toThrow(line));
