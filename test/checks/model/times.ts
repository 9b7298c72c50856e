/** RFC 3339 in UTC, ms rounded down; undefined: none. Source: docs/contracts.md, "Strict input" (times). */
const FORM = /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,18}))?(?:[Zz]|\+00:00)$/;

export const timeOf = (text: string): number | undefined => {
  const [, day, time, fraction = ''] = FORM.exec(text) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const whole = `${day}T${time}.000Z`;
  const at = Date.parse(whole);
  // A day that does not exist is moved to another one, and 24:00 to the next.
  if (Number.isNaN(at) || new Date(at).toISOString() !== whole) return undefined;
  return at + Number(fraction.padEnd(3, '0').slice(0, 3));
};
