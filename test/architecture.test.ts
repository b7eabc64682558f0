/**
 * What matters about the structure is checked by a machine. Each test collects every offence and compares with an empty list, so the
 * failure names the places; the comment above each list says what to do about one.
 */
import ts from 'typescript';
import { migrationChecksums } from '../src/platform/migrations.js';
import {
  findNodes,
  importCycles,
  readProjectFile,
  readsWallClock,
  sourceFiles,
  type SourceFile,
} from './support/source-files.js';

const src = sourceFiles('src');
const simulator = sourceFiles('simulator');
const verifier = sourceFiles('verifier');
const bench = sourceFiles('bench');
const demo = sourceFiles('demo');
const tests = sourceFiles('test');
const product = [...src, ...simulator, ...verifier, ...bench, ...demo];

describe('rooms', () => {
  /** From left to right: a file imports from its own room or from one further left. */
  const LINE = ['platform', 'accounts', 'metering', 'billing', 'service', 'switching', 'dunning', 'reports', 'flows'];
  /** Edges stand beside each other at the right end of the line and never import one another. */
  const EDGES = ['api', 'head-end', 'guard', 'banks', 'messaging', 'simulation'];
  /** Files at the top put everything together. */
  const TOP = /^src\/(main[a-z-]*|app[a-z-]*|config|orm)\.ts$/;

  const roomOf = (path: string): string => (TOP.test(path) ? 'top' : (path.split('/')[1] ?? ''));

  /** Why a file of room `from` may not import one of room `to`; undefined if it may. */
  function objection(from: string, to: string): string | undefined {
    if (from === to || from === 'top') return undefined;
    if (to === 'top') return 'only the files at the top of src import each other; hand the value in as an argument';
    if (to === 'embedded') return 'only app.ts starts embedded parts';
    if (EDGES.includes(to))
      return EDGES.includes(from)
        ? 'edges never import each other; what both need belongs into flows'
        : 'an edge is imported by app.ts alone; what you need belongs into a room';
    if (from === 'embedded')
      return to === 'platform' ? undefined : 'embedded parts know platform and nothing of the business';
    if (EDGES.includes(from)) return undefined;
    return LINE.indexOf(to) < LINE.indexOf(from)
      ? undefined
      : `rooms stand in one line (${LINE.join(' ← ')}); move the shared part to the left, or let a flow call both`;
  }

  test('every folder of src is a room', () => {
    const known = ['top', 'embedded', ...LINE, ...EDGES];
    // A new room: give it a place in the line above and in docs/ARCHITECTURE.md.
    expect(src.filter(({ path }) => !known.includes(roomOf(path))).map(({ path }) => path)).toEqual([]);
  });

  test('a file imports from its own room or from the left', () => {
    const offences = src.flatMap((file) =>
      file.imports.flatMap(({ file: target, line }) => {
        if (!target?.startsWith('src/')) return [];
        const why = objection(roomOf(file.path), roomOf(target));
        return why ? [`${file.path}:${line} imports ${target}: ${why}`] : [];
      }),
    );
    expect(offences).toEqual([]);
  });

  test('only app.ts starts embedded parts', () => {
    // Ask for a URL instead: everything but app.ts and its app-wire.ts works with somebody else's PostgreSQL and broker.
    // main-broker-config.ts starts nothing: it writes the embedded broker's rules down in other brokers' words.
    const importers = src.filter(
      ({ path, imports }) =>
        roomOf(path) === 'top' &&
        !['src/app.ts', 'src/app-wire.ts', 'src/main-broker-config.ts'].includes(path) &&
        imports.some(({ file }) => file?.startsWith('src/embedded/')),
    );
    expect(importers.map(({ path }) => path)).toEqual([]);
  });

  test('there are no import cycles, not even of types', () => {
    // Move what both need into a third file; a cycle means that two files are one.
    expect(importCycles([...product, ...tests])).toEqual([]);
  });

  test('product, simulator, verifier and tests keep apart', () => {
    const leaving = (files: readonly SourceFile[], forbidden: readonly string[]) =>
      files.flatMap(({ path, imports }) =>
        imports
          .filter(({ file }) => forbidden.some((folder) => file?.startsWith(`${folder}/`)))
          .map(({ file, line }) => `${path}:${line} imports ${file}`),
      );
    // src and simulator meet only through schema/: a mistake written twice must show, so neither may borrow from the other.
    expect(leaving(src, ['simulator', 'verifier', 'test', 'bench', 'demo', 'dist'])).toEqual([]);
    expect(leaving(simulator, ['src', 'verifier', 'test', 'bench', 'demo', 'dist'])).toEqual([]);
    expect(leaving(bench, ['verifier', 'test', 'demo', 'dist'])).toEqual([]);
    // The demo puts product and simulated meters together in one process, as a bench does.
    expect(leaving(demo, ['verifier', 'test', 'bench', 'dist'])).toEqual([]);
    // The verifier judges what src has written: it stands on docs/audit.md, Node and the database driver, and on nothing else.
    expect(leaving(verifier, ['src', 'simulator', 'test', 'bench', 'demo', 'dist'])).toEqual([]);
    const packages = verifier.flatMap(({ imports }) =>
      imports.filter(({ file }) => !file).map(({ specifier }) => specifier),
    );
    expect([...new Set(packages)].filter((name) => !name.startsWith('node:'))).toEqual(['pg']);
  });
});

describe('one door for each technology', () => {
  /** Package (and what begins with it) → who may import it. */
  const DOORS: readonly { packages: RegExp; allowed: (path: string) => boolean; door: string }[] = [
    {
      packages: /^(type-graphql|@apollo\/|@as-integrations\/|graphql$|graphql-scalars|dataloader)/,
      allowed: (path) => path.startsWith('src/api/'),
      door: 'src/api',
    },
    { packages: /^mqtt(-packet)?$/, allowed: (path) => path.startsWith('src/head-end/'), door: 'src/head-end' },
    { packages: /^aedes/, allowed: (path) => path.startsWith('src/embedded/'), door: 'src/embedded' },
    {
      packages: /^fastify/,
      allowed: (path) => path.startsWith('src/api/') || path.startsWith('src/app'),
      door: 'src/api',
    },
    {
      packages: /^(chinese-days|date-holidays)$/,
      allowed: (path) => path === 'src/platform/holidays.ts',
      door: 'src/platform/holidays.ts',
    },
    {
      packages: /^pg$/,
      allowed: (path) => /^src\/(platform|embedded)\/|^src\/orm\.ts$/.test(path),
      door: 'src/platform',
    },
  ];

  test.each(DOORS)('$packages is imported in $door alone', ({ packages, allowed }) => {
    const offences = src.flatMap((file) =>
      file.imports
        .filter(
          ({ specifier }) =>
            packages.test(specifier) && !allowed(file.path) && !isPacketTypeInEmbedded(file, specifier),
        )
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    );
    expect(offences).toEqual([]);
  });

  /** The embedded broker is handed packets by aedes and may name their types. */
  const isPacketTypeInEmbedded = (file: SourceFile, specifier: string): boolean =>
    file.path.startsWith('src/embedded/') && specifier === 'mqtt-packet';

  test('only flows and platform open transactions', () => {
    // A room takes the open transaction as its first argument. simulation/ opens its world's rows, which no flow has a use for.
    const allowed = /^src\/(flows|platform|simulation)\//;
    const opens = (node: ts.Node) =>
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      ['transaction', 'transactional'].includes(node.expression.name.text);
    expect(src.filter(({ path }) => !allowed.test(path)).flatMap((file) => findNodes(file, opens))).toEqual([]);
  });
});

describe('decisions are pure', () => {
  const policies = src.filter(({ path }) => path.endsWith('-policy.ts'));

  test('a policy has no await, no clock, no dice and no database', () => {
    expect(policies.length).toBeGreaterThan(5);
    const impure = (node: ts.Node) =>
      ts.isAwaitExpression(node) ||
      node.kind === ts.SyntaxKind.AsyncKeyword ||
      readsWallClock(node) ||
      (ts.isPropertyAccessExpression(node) && ['Math.random', 'process.env'].includes(node.getText()));
    // Gather the facts in the flow, hand them in as values, and apply the answer there.
    expect(policies.flatMap((file) => findNodes(file, impure))).toEqual([]);
    const EFFECTS = /platform\/(database|audit|clock|nudges|schedules|loop|idempotency|log)\.ts$|^src\/flows\//;
    expect(
      policies.flatMap(({ path, imports }) =>
        imports.filter(({ file }) => file && EFFECTS.test(file)).map(({ file }) => `${path} imports ${file}`),
      ),
    ).toEqual([]);
  });
});

describe('one clock', () => {
  /** Who may read the machine's clock, and why. Everyone else asks the Clock of the context: now() for rules, wallNow() for waits. */
  const WALL_CLOCK_USERS: Readonly<Record<string, string>> = {
    'src/platform/clock.ts': 'is the source of now',
    'src/app-guard.ts': "hands the guard its own machine's time, which the database must agree with",
    'src/head-end/meter-directory.ts': 'age of a cache entry, never stored',
    'src/api/auth/authenticate.ts': 'a token expires by the real time its issuer wrote into it',
    'src/api/auth/development-tokens.ts': 'the same, for tokens of our own',
  };

  test('platform/clock is the only source of now', () => {
    expect(
      src.filter(({ path }) => !(path in WALL_CLOCK_USERS)).flatMap((file) => findNodes(file, readsWallClock)),
    ).toEqual([]);
  });

  test('the list of exceptions is not longer than need be', () => {
    const needed = src.filter((file) => findNodes(file, readsWallClock).length > 0).map(({ path }) => path);
    expect(Object.keys(WALL_CLOCK_USERS).filter((path) => !needed.includes(path))).toEqual([]);
  });
});

describe('sizes', () => {
  const FILE_LINES = 300;
  const FUNCTION_LINES = 70;

  test(`files have at most ${FILE_LINES} lines, functions at most ${FUNCTION_LINES}`, () => {
    // Past that it is a design question: which two things does it do?
    expect(
      product.filter(({ lines }) => lines > FILE_LINES).map(({ path, lines }) => `${path}: ${lines} lines`),
    ).toEqual([]);
    const long = product.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines }) => lines > FUNCTION_LINES)
        .map(({ name, line, lines }) => `${path}:${line} ${name}: ${lines} lines`),
    );
    expect(long).toEqual([]);
  });
});

test('a merged migration is never edited', () => {
  // A change of the schema is a new file in schema/migrations, with its own line here. Until its first release a file may be edited:
  // write schema/migrations/CHECKSUMS anew (it holds what migrationChecksums() returns).
  expect(readProjectFile('schema/migrations/CHECKSUMS')).toBe(migrationChecksums());
});
