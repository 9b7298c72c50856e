/**
 * Texts of others with nothing in them that is not seen: a right-to-left override, a zero-width space or a control character could make one id look
 * like another. Line ends and tabs stay.
 */
const HIDDEN =
  /[^\P{Cc}\n\r\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;

/** Each is shown by its number: `⟨U+202E⟩`. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
