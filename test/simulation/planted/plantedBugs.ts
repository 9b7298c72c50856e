/** All planted bugs. A simulation that finds nothing says little; one that finds nothing and finds all of these says more. */
import { BOOKKEEPING_BUGS } from './bookkeepingBugs';
import { GATEWAY_BUGS } from './gatewayBugs';
import { JUDGEMENT_BUGS } from './judgementBugs';
import { LIMIT_BUGS } from './limitBugs';
import { MENDED_BUGS } from './mendedBugs';
import { ORDER_BUGS } from './orderBugs';
import type { PlantedBug } from './plantedBug';
import { PROCESSOR_BUGS } from './processorBugs';
import { WORLD_BUGS } from './worldBugs';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...PROCESSOR_BUGS,
  ...JUDGEMENT_BUGS,
  ...BOOKKEEPING_BUGS,
  ...GATEWAY_BUGS,
  ...LIMIT_BUGS,
  ...MENDED_BUGS,
  ...ORDER_BUGS,
  ...WORLD_BUGS,
];
