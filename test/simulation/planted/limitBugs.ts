/** Mistakes that only the limits of docs/architecture.md show, and code that asks its surroundings for time or chance. */
import { expression } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const LOOKS = 'src/gateway/orderLooks.ts';
const LOOP = 'src/apps/service/shardLoop.ts';

export const LIMIT_BUGS: readonly PlantedBug[] = [
  {
    name: 'the core reads a clock',
    what: 'the window of orders asks the machine for the time',
    profile: 'chaos',
    patches: [expression('src/domain/windows.ts', /clock(?= - oldest\.at < ORDER_WINDOW_MS)/, 'Date.now()')],
  },
  {
    name: 'the gateway draws lots',
    what: 'the pause before another cancel is left to chance that nobody handed in',
    profile: 'broker',
    patches: [
      expression('src/gateway/orderCancels.ts', 'pauseMs(care.cancelTries + 1)', 'pauseMs(care.cancelTries + 1) * Math.random()'),
    ],
  },
  {
    name: 'no pause after an error',
    what: 'a shard that was dropped is taken over again at once',
    profile: 'chaos',
    patches: [expression(LOOP, 'this.backoff.nextMs()', '0')],
  },
  {
    name: 'no pause after being fenced',
    what: 'two owners of a shard fence each other without a pause',
    profile: 'chaos',
    patches: [expression(LOOP, 'this.fencedBackoff.nextMs()', '0')],
  },
  {
    name: 'look-ups without a pause',
    what: 'an order of unknown outcome is looked up again as soon as a look-up has ended',
    profile: 'broker',
    patches: [expression(LOOKS, /(?<=care\.dueAt = )monotonic\(\) \+ pauseAfter\(care\)(?=;\s+if \(found\.type)/, '0')],
  },
  {
    name: 'open orders looked at without a pause',
    what: 'open orders are looked at again as soon as a look has ended',
    profile: 'calm',
    patches: [expression(LOOKS, /(?<=this\.pollTries = 0;\s+this\.pollDueAt = )monotonic\(\) \+ pollEveryMs/, '0')],
  },
  {
    name: 'Retry-After passed over',
    what: 'requests go on after a 429',
    profile: 'broker',
    patches: [expression('src/gateway/brokers/http/brokerHttp.ts', /status === 429(?=\) this\.bucket)/, 'false')],
  },
];
