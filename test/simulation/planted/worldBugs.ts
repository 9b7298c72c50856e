/** Mistakes that show only in worlds with particular people in them: who starts ended runs, forgets to sign, or resets nothing for a while. */
import { expression, statement } from './plantedBug';
import type { PlantedBug } from './plantedBug';

const FOLD = 'src/processor/foldControl.ts';

export const WORLD_BUGS: readonly PlantedBug[] = [
  {
    name: 'stops of before not applied',
    what: 'who takes a shard over cancels nothing for a stop that came while nobody owned it',
    profile: 'kill',
    patches: [
      statement(
        'src/gateway/gateway.ts',
        /(?<=A stop may have come while nobody owned the shard, .*\s+)this\.desk\.applyStops\(\);/,
        '',
      ),
    ],
  },
  {
    name: 'an ended run starts again',
    what: 'a run that has ended can be started once more',
    profile: 'chaos',
    patches: [expression(FOLD, "state.status !== 'UNKNOWN'", "state.status === 'ACTIVE'")],
  },
  {
    name: 'an unsigned reset of every run',
    what: 'a reset of every run that nobody has signed holds for the runs that start later',
    profile: 'policy',
    patches: [
      statement(FOLD, "if (type === 'KillSwitchReset' && signed !== undefined) return setAside(context, input, signed);", ''),
    ],
  },
];
