import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** One import, export-from, import type or import() of a file. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Project path of the file meant ('src/flows/context.ts'), undefined for a package. */
  readonly file: string | undefined;
  readonly line: number;
}

/** A function with its length in lines, from its first line to its closing brace. */
export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** A TypeScript file of the project, parsed. Paths are relative to the project folder. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly ast: ts.SourceFile;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSize[];
}

/** Reads and parses every .ts file below these folders of the project. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    listFiles(folder)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
      .map(parse),
  );
}

/** Project paths of all files below a folder, sorted; nothing if there is no such folder. */
export function listFiles(folder: string): string[] {
  const dir = join(ROOT, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** Whether the project has this file. */
export const hasProjectFile = (path: string): boolean => existsSync(join(ROOT, path));

/** The text of a project file. */
export const readProjectFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function parse(path: string): SourceFile {
  const text = readProjectFile(path);
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: Import[] = [];
  const functions: FunctionSize[] = [];
  const lineOf = (position: number) => ast.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier)
      imports.push({ specifier: specifier.text, file: fileOf(path, specifier.text), line: lineOf(specifier.pos) });
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const from = lineOf(node.getStart());
      functions.push({ name: nameOf(node), line: from, lines: lineOf(node.end) - from + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return { path, text, lines: text.replace(/\n$/, '').split('\n').length, ast, imports, functions };
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
    return node.moduleSpecifier as ts.StringLiteral;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return node.argument.literal as ts.StringLiteral;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [only] = node.arguments;
    if (only && ts.isStringLiteralLike(only)) return only;
  }
  return undefined;
}

function fileOf(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(importer), specifier)).replace(/\.js$/, '.ts');
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name) return node.name.getText();
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  const { parent } = node;
  return (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) && parent.name
    ? parent.name.getText()
    : 'a function without a name';
}

/** Every node of a file for which `wanted` holds, as 'path:line text'. */
export function findNodes(file: SourceFile, wanted: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (wanted(node))
      found.push(
        `${file.path}:${file.ast.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.getText().split('\n')[0]}`,
      );
    ts.forEachChild(node, visit);
  };
  visit(file.ast);
  return found;
}

/** True for `new Date()` without arguments, `Date.now()`: the machine's own idea of now. */
export const readsWallClock = (node: ts.Node): boolean =>
  (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) ||
  (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now');

/** The name of the package a specifier belongs to: '@apollo/server/standalone' → '@apollo/server'. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Import cycles, each once, as 'a → b → a'. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const { file } of byPath.get(path)?.imports ?? []) if (file) walk(file, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return found;
}
