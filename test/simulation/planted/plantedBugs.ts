/** All planted bugs. A simulation that finds nothing says little; one that finds nothing and finds all of these says more. */
import { BOOKKEEPING_BUGS } from './bookkeepingBugs';
import { GATEWAY_BUGS } from './gatewayBugs';
import { JUDGEMENT_BUGS } from './judgementBugs';
import { MENDED_BUGS } from './mendedBugs';
import type { PlantedBug } from './plantedBug';
import { PROCESSOR_BUGS } from './processorBugs';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...PROCESSOR_BUGS,
  ...JUDGEMENT_BUGS,
  ...BOOKKEEPING_BUGS,
  ...GATEWAY_BUGS,
  ...MENDED_BUGS,
];
