import { makeVisible } from './visibleNode';
import type { Drawn } from './visibleNode';

const made = (type: unknown, props: unknown): unknown => {
  const node: Drawn = { type, props };
  makeVisible(node);
  return node.props;
};

it('shows hidden characters in every text and tooltip, and leaves what a field holds and what a component is given', () => {
  expect(made(null, '\u202ea\u200b')).toBe('⟨U+202E⟩a⟨U+200B⟩');
  expect(made('input', { title: '\u202ea', 'aria-label': '\u0007', value: '\u202ea' })).toEqual({
    title: '⟨U+202E⟩a',
    'aria-label': '⟨U+0007⟩',
    value: '\u202ea',
  });
  expect(made(() => null, { title: '\u202ea' })).toEqual({ title: '\u202ea' });
});
