/**
 * Looks over a YAML text before the parser does, token by token and without recursion, and stops at the first thing that no document of ours
 * may hold: anchors, aliases, tags, directives, more than 32 levels, brackets that nothing opened. A parser that first builds what it is given can be made to overflow its
 * stack or to spend seconds on 64 KiB.
 */
import { CST, Lexer } from 'yaml';
import { quoted } from '../contractError';
import { DOCUMENT_DEPTH } from '../json/text';

export interface YamlFault {
  readonly message: string;
  readonly offset: number;
}

/** After one of these, the same line can hold no other value without something between them. */
const COMPLETE: ReadonlySet<string> = new Set(['single-quoted-scalar', 'double-quoted-scalar', 'flow-map-end', 'flow-seq-end']);

export const prescan = (text: string): YamlFault | undefined => {
  let offset = 0;
  let flowDepth = 0;
  let lineDepth = 0;
  let content = false;
  let complete = false;
  for (const token of new Lexer().lex(text)) {
    // The token after this mark is the text of a scalar, whatever it begins with.
    const type: string | null = content ? 'content' : CST.tokenType(token);
    content = type === 'scalar';
    switch (type) {
      case 'anchor':
      case 'alias':
      case 'tag':
        return { message: `expected no ${type}, found ${quoted(token)}; write the value out`, offset };
      case 'directive-line':
        return { message: `expected no directive, found ${quoted(token)}; policies are YAML 1.2 and need none`, offset };
      case 'flow-map-start':
      case 'flow-seq-start':
        if (complete) return { message: 'expected a comma, a colon or a new line before this', offset };
        flowDepth++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth--;
        if (flowDepth < 0) return { message: `expected no ${quoted(token)} without its opening bracket`, offset };
        break;
      case 'scalar':
      case 'single-quoted-scalar':
      case 'double-quoted-scalar':
        if (complete) return { message: 'expected a comma, a colon or a new line before this', offset };
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
      case 'map-value-ind':
        if (flowDepth === 0) lineDepth++;
        break;
      case 'newline':
        lineDepth = 0;
        break;
      default:
        break;
    }
    if (flowDepth + lineDepth > DOCUMENT_DEPTH) return tooDeep(offset);
    if (type !== 'space') complete = type !== null && COMPLETE.has(type);
    // These mark what follows and are not in the text.
    if (type !== 'doc-mode' && type !== 'scalar' && type !== 'flow-error-end') offset += token.length;
  }
  return undefined;
};

export const tooDeep = (offset: number): YamlFault => ({
  message: `expected at most ${DOCUMENT_DEPTH} lists and mappings inside each other, found more`,
  offset,
});
