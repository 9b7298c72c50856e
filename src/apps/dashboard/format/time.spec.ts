import { dateTimeText, minuteText, readTime, spanText, timeText } from './time';

const AT = Date.UTC(2026, 1, 24, 9, 30, 1, 250);

describe('times on the page', () => {
  it('are UTC, whatever the browser’s zone', () => {
    expect([timeText(AT), dateTimeText(AT), minuteText(AT)]).toEqual(['09:30:01.250', '2026-02-24 09:30:01.250', '09:30']);
    expect(dateTimeText('2026-02-24T09:30:01.250Z')).toBe('2026-02-24 09:30:01.250');
    expect([dateTimeText(null), timeText(NaN), dateTimeText('soon')]).toEqual(['–', '–', '–']);
  });

  it.each([
    [340, '340 ms'],
    [12_000, '12 s'],
    [300_000, '5 min'],
    [10_800_000, '3 h'],
    [null, '–'],
  ])('says that %p ms are %p', (ms, text) => expect(spanText(ms)).toBe(text));

  it.each([
    ['2026-02-24T09:30:01.250Z', AT],
    ['2026-02-24 09:30', Date.UTC(2026, 1, 24, 9, 30)],
    ['2026-02-24', Date.UTC(2026, 1, 24)],
    ['9:05', Date.UTC(2026, 1, 24, 9, 5)],
    ['09:30:01', Date.UTC(2026, 1, 24, 9, 30, 1)],
    ['yesterday', undefined],
    ['25:00', undefined],
  ])('reads %p', (text, expected) => expect(readTime(text, AT)).toBe(expected));
});
