// Writes docs/api.md: every export of src/index.ts with its docblock and its declaration, in the order and under the headings (`// ...`) of that file.
// An export without a docblock is an error. `--check`: only compares. `--root DIR`: of another tree (a test's).
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const { argv } = process;
const root = argv.includes('--root')
  ? resolve(argv[argv.indexOf('--root') + 1])
  : join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'src', 'index.ts');
const page = join(root, 'docs', 'api.md');

const HEAD = `# API of the library

Made from the docblocks of the code by \`npm run api\`; edit them there. How to use it: [library](library.md).

`;

const declarations = new Map();
/** The source of a module's declarations, parsed. */
const declarationsOf = (path) => {
  const known = declarations.get(path);
  if (known !== undefined) return known;
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, strict: true };
  const { outputText } = ts.transpileDeclaration(readFileSync(path, 'utf8'), { fileName: path, compilerOptions });
  const parsed = ts.createSourceFile(path, outputText, ts.ScriptTarget.ES2022, true);
  declarations.set(path, parsed);
  return parsed;
};

const namesOf = (statement) =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name.getText())
    : statement.name === undefined
      ? []
      : [statement.name.text];

const missing = [];
const describe = (path, name) => {
  const parsed = declarationsOf(path);
  const statement = parsed.statements.find((one) => namesOf(one).includes(name));
  if (statement === undefined) throw new Error(`${relative(root, path)}: declares no \`${name}\``);
  const [doc] = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc).slice(-1);
  const text = doc === undefined ? '' : (ts.getTextOfJSDocComment(doc.comment) ?? '').trim();
  if (text === '') missing.push(`${name} (${relative(root, path)})`);
  const code = statement.getText(parsed).replace(/^export (declare )?/, '');
  return `### ${name}\n\n${text}\n\n\`\`\`ts\n${code}\n\`\`\`\n`;
};

const index = readFileSync(entry, 'utf8');
const source = ts.createSourceFile(entry, index, ts.ScriptTarget.ES2022, true);
let text = HEAD;
for (const statement of source.statements) {
  if (!ts.isExportDeclaration(statement) || !ts.isNamedExports(statement.exportClause))
    throw new Error('src/index.ts: expected exports by name alone');
  const [, heading] = /^\/\/ (.+)$/m.exec(index.slice(statement.pos, statement.getStart())) ?? [];
  if (heading !== undefined) text += `## ${heading}\n\n`;
  const path = `${resolve(dirname(entry), statement.moduleSpecifier.text)}.ts`;
  for (const { name } of statement.exportClause.elements) text += `${describe(path, name.text)}\n`;
}

if (missing.length > 0) throw new Error(`exported without a docblock: ${missing.join(', ')}`);
text = text.trimEnd() + '\n';
if (!argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) throw new Error('docs/api.md is not what the docblocks say: run `npm run api`');
