import { visible } from './visible';

it.each([
  ['momentum_v1', 'momentum_v1'],
  ['a\tb\r\nc', 'a\tb\r\nc'],
  ['Zürich 東京 – “é” 👍', 'Zürich 東京 – “é” 👍'],
  ['\u202e1v_mutnemom', '⟨U+202E⟩1v_mutnemom'],
  ['a\u200bb\u00adc\ufeff', 'a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩'],
  ['\u001b[31m\u0000\u009b\u007f', '⟨U+001B⟩[31m⟨U+0000⟩⟨U+009B⟩⟨U+007F⟩'],
  ['\u2066x\u2069\u2028y', '⟨U+2066⟩x⟨U+2069⟩⟨U+2028⟩y'],
  ['tag \u{e0041}', 'tag ⟨U+E0041⟩'],
  ['half \ud800', 'half ⟨U+D800⟩'],
])('shows %j as %j', (text, shown) => expect(visible(text)).toBe(shown));
