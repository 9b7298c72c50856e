/** `1 record`, `2 records`. `noun`: in the singular, of those that take an s. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
