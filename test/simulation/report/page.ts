/** Places on docs/reliability.md that the simulation writes itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '..', '..', '..', 'docs', 'reliability.md');

export const WORLDS_PLACE = {
  begin: '<!-- figures of the simulation: written by `npm run simulate -- --document` -->',
  end: '<!-- end of the simulation’s figures -->',
};
export const PLANTED_PLACE = {
  begin: '<!-- planted bugs of the simulation: written by `npm run simulate -- --planted --document` -->',
  end: '<!-- end of the simulation’s planted bugs -->',
};

/** Replaces what stands between the two lines. Throws an Error where the page has no such lines. */
export const writeOnPage = ({ begin, end }: typeof WORLDS_PLACE, text: string): void => {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/reliability.md has no lines ${begin} and ${end}`);
  writeFileSync(PAGE, `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`);
};
