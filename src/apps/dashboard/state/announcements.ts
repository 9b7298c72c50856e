/** What is said to those who listen instead of looking: the text of the page's live region. */
import { Value } from './value';

export const announcement = new Value('');

export const announce = (text: string): void => announcement.set(text);
