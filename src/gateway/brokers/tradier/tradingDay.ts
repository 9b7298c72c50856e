/**
 * The calendar day in New York, as `yyyy-mm-dd`: Tradier's list of orders shows those of the market session of the present one, and empties
 * when it ends. Source: Tradier, "Get an account's orders".
 */
const inNewYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** `at`: ms since 1970. */
export const tradingDay = (at: number): string => inNewYork.format(at);
