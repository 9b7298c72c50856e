import { exactText, percentText, roughly, roundedText } from './exact';

describe('decimals on the page', () => {
  it.each([
    [100000, '100,000'],
    ['1234567.890000000000000001', '1,234,567.890000000000000001'],
    [-0.026, '\u22120.026'],
    [1e-7, '0.0000001'],
    [1.5e21, '1,500,000,000,000,000,000,000'],
    ['-0.00', '0.00'],
    [0, '0'],
    [null, '–'],
    ['n/a', 'n/a'],
  ])('keeps every digit of %p', (value, text) => expect(exactText(value)).toBe(text));

  it.each([
    [0.1260005, 4, '0.1260'],
    ['999.995', 2, '1,000.00'],
    ['-1.005', 2, '\u22121.01'],
    [5, 2, '5.00'],
    ['-0.001', 2, '0.00'],
  ])('rounds %p to %p places by its digits, not by its double', (value, places, text) =>
    expect(roundedText(value, places)).toBe(text),
  );

  it.each([
    [0.02, '2.00 %'],
    [-0.0123, '\u22121.23 %'],
    ['0.000049', '0.00 %'],
    [1, '100.00 %'],
    [null, '–'],
  ])('shows the fraction %p as percent', (value, text) => expect(percentText(value)).toBe(text));

  it('takes what is no number for an empty bar', () =>
    expect([roughly('0.5'), roughly(null), roughly('?')]).toEqual([0.5, 0, 0]));
});
