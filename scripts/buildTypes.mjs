// Writes the type declarations of the library (src/index.ts and what its types are made of) into dist/, and no others: of the program behind it nothing is promised. Declarations are
// made file by file, as the code is compiled, so that every exported type must be spelt out; that they fit together is what `npm run types` and the tests of the package check.
// `--out DIR`: into another folder.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = process.argv[2] === '--out' && process.argv[3] !== undefined ? resolve(process.argv[3]) : join(root, 'dist');
const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, strict: true };

const sources = [join(root, 'src', 'index.ts')];
for (const source of sources) {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions,
    reportDiagnostics: true,
  });
  const [fault] = diagnostics;
  if (fault !== undefined)
    throw new Error(`${relative(root, source)}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`);
  for (const [, name] of outputText.matchAll(/ from ['"](\.[^'"]+)['"]/g)) {
    const target = `${resolve(dirname(source), name)}.ts`;
    if (!sources.includes(target)) sources.push(target);
  }
  const declaration = join(out, relative(root, source)).replace(/\.ts$/, '.d.ts');
  mkdirSync(dirname(declaration), { recursive: true });
  writeFileSync(declaration, outputText);
}
