/** Every page by itself: its links lead somewhere, headings included, and the commands that it tells to type are commands of this program. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { faultsOf } from './support/commandLine';
import { ROOT } from './support/program';

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => name !== '' && existsSync(join(ROOT, name)));
const text = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Without code, in which brackets mean something else. */
const prose = (page: string): string =>
  text(page)
    .replace(/^(```+)[^]*?^\1/gm, '')
    .replace(/`[^`\n]*`/g, '');

/** As GitHub names the headings of a page: lower case, punctuation out, spaces to hyphens, repeats numbered. */
const headings = new Map<string, ReadonlySet<string>>();
const headingsOf = (page: string): ReadonlySet<string> => {
  const known = headings.get(page);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const [, title = ''] of text(page)
    .replace(/^(```+)[^]*?^\1/gm, '')
    .matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    let name = slug;
    for (let number = 1; found.has(name); number++) name = `${slug}-${number}`;
    found.add(name);
  }
  headings.set(page, found);
  return found;
};

const deadLinks = (page: string): readonly string[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', heading] = target.split('#');
    const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), decodeURIComponent(path)));
    if (!existsSync(join(ROOT, file))) return [target];
    if (heading === undefined || statSync(join(ROOT, file)).isDirectory() || !file.endsWith('.md')) return [];
    return headingsOf(file).has(heading) ? [] : [target];
  });

/** Lines of shell: fenced ones, and those that are indented as code. */
const shellOf = (page: string): readonly string[] => {
  const fenced = [...text(page).matchAll(/^```(?:sh|bash)\n([^]*?)^```/gm)].map(([, block = '']) => block);
  const indented = text(page)
    .replace(/^(```+)[^]*?^\1/gm, '')
    .split('\n')
    .filter((line) => /^ {4,}(?:[A-Z_]+=\S+ )*policygate /.test(line));
  return [...fenced, ...indented.map((line) => `${line.trim()}\n`)]
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
};

/** Words of each command `policygate …` of a line of shell; quotes are taken off, what follows a `#` is a comment. */
const commandsOf = (line: string): readonly (readonly string[])[] => {
  const commands: string[][] = [[]];
  for (const [word, comment] of line.matchAll(
    /(#.*)|(?:"(?:\\.|[^"])*"|'[^']*'|\$\([^)]*\)|<\([^)]*\)|[^\s|;&()<>"'])+|[|;&()<>]+/g,
  )) {
    if (comment !== undefined) break;
    if (/^[|;&()]+$/.test(word)) commands.push([]);
    else commands.at(-1)?.push(/^(["']).*\1$/s.test(word) ? word.slice(1, -1) || '""' : word);
  }
  return commands.flatMap((words) => {
    const at = words.findIndex((word) => !/^[A-Za-z_]+=/.test(word));
    if (words[at] !== 'policygate') return [];
    const end = words.findIndex((word) => /^[<>]+$/.test(word) || /^\d?>/.test(word));
    // Three dots stand for what the page said before.
    return [words.slice(at + 1, end === -1 ? undefined : end).filter((word) => word !== '...')];
  });
};

it('knows the pages', () => expect(pages.length).toBeGreaterThan(40));

it.each(pages)('%s: links lead somewhere', (page) => expect(deadLinks(page)).toEqual([]));

const withCommands = pages
  .map((page) => ({ page, commands: shellOf(page).flatMap(commandsOf) }))
  .filter(({ commands }) => commands.length > 0);

it('knows the commands', () => expect(withCommands.flatMap(({ commands }) => commands).length).toBeGreaterThan(150));

it.each(withCommands)('$page: its commands are commands', async ({ commands }) => {
  const faults: string[] = [];
  for (const words of commands)
    if (!['--help', '--version'].includes(words[0] ?? '') && !words[0]?.startsWith('<'))
      faults.push(...(await faultsOf(words)).map((fault) => `${words.join(' ')}: ${fault}`));
  expect(faults).toEqual([]);
});
