/** Whether what is shown is of now, drawn again as time goes by. */
import { clock } from './clock';
import { staleText } from './staleText';
import type { Answered } from './staleText';
import { useValue } from './useValue';

export const useStale = (answered: Answered): string | undefined => staleText(answered, useValue(clock));
