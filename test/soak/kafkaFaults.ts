/** What happens to the system on Kafka, a fault each minute. Most of it is what the campaign does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeRegistry } from '../../infra/native/registry';
import { killBroker, pauseBroker, poison, zombie } from '../campaign/faults';
import type { Faults } from '../campaign/faults';
import { sendNoise, sendSlowly } from './badClients';
import type { Desk } from './desk';
import { changePolicies, tripAndReset } from './desk';
import type { Fault } from './schedule';

const CUTS = 3;
const CUT_MS = 1_500;
const BETWEEN_CUTS_MS = 3_000;
const REGISTRY_AWAY_MS = 15_000;

export const kafkaFaults = (
  faults: Faults,
  { desk, registry }: { readonly desk: Desk; readonly registry: NativeRegistry },
): readonly Fault[] => [
  { name: 'broker killed', run: () => killBroker(faults) },
  { name: 'broker paused', run: () => pauseBroker(faults) },
  { name: 'processor paused beyond its session', run: () => zombie(faults, 'processor') },
  { name: 'processor killed', run: () => counted(faults, 'processor killed', () => killNewest(faults)) },
  { name: 'connections cut', run: () => counted(faults, 'connections cut', () => cutConnections(faults)) },
  { name: 'poison on every topic', run: () => poison(faults) },
  ...httpFaults(desk, faults),
  { name: 'policies changed', run: () => counted(faults, 'policies changed', () => changePolicies(desk)) },
  {
    name: 'kill switch tripped and reset',
    run: () => counted(faults, 'kill switch tripped and reset', () => tripAndReset(desk)),
  },
  { name: 'registry away', run: () => counted(faults, 'registry away', () => registryAway(faults, registry)) },
];

/** What the HTTP port has to stand, on either bus. */
export const httpFaults = (desk: Desk, faults: Pick<Faults, 'happened' | 'random'>): readonly Fault[] => [
  {
    name: 'noise on the HTTP port',
    run: () => counted(faults, 'noise on the HTTP port', async () => ridOf(await sendNoise(desk.url(), faults.random))),
  },
  {
    name: 'slow and half-open clients',
    run: () => counted(faults, 'slow and half-open clients', async () => ridOf(await sendSlowly(desk.url()))),
  },
];

const ridOf = (left: number): void => {
  if (left > 0) throw new Error(`${left} connections were not ended by the server`);
};

export const counted = async ({ happened }: Pick<Faults, 'happened'>, what: string, work: () => Promise<void>): Promise<void> => {
  await work();
  happened.set(what, (happened.get(what) ?? 0) + 1);
};

/** Never the one that has been there from the beginning: its growth is judged. The supervisor starts another one. */
const killNewest = async ({ fleet }: Faults): Promise<void> => {
  const newest = fleet.running('processor').at(-1);
  if (newest === undefined) throw new Error('no processor runs');
  await fleet.kill(newest);
};

const cutConnections = async ({ cluster }: Faults): Promise<void> => {
  for (let cut = 0; cut < CUTS; cut++) {
    cluster.proxy.fate = () => 'cut';
    await sleep(CUT_MS);
    cluster.proxy.fate = () => 'pass';
    await sleep(BETWEEN_CUTS_MS);
  }
};

/** It answers nothing while a processor is killed and another should take its place: those that run need it no more. */
const registryAway = async (faults: Faults, { pid }: NativeRegistry): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  try {
    await killNewest(faults);
    await sleep(REGISTRY_AWAY_MS);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
};
