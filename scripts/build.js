// Transpiles src, simulator and bench into dist with the same swc settings the tests use, and copies nothing else:
// schemas and tables are read from where they are committed. Types are checked by `npm run check:types`, not here,
// so that `npm start` on a fresh machine waits about a second instead of ten.
import { readdirSync, statSync, mkdirSync, writeFileSync, rmSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const sourceDirs = ['src', 'simulator', 'bench'];

const listSources = (dir) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.d\.ts$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

const sources = sourceDirs.flatMap((dir) => listSources(join(root, dir)));
const newestMs = Math.max(...[...sources, join(root, '.swcrc')].map((file) => statSync(file).mtimeMs));
const fresh =
  existsSync(stamp) && statSync(stamp).mtimeMs >= newestMs && sources.every((file) => existsSync(outputOf(file)));

function outputOf(file) {
  return join(dist, file.slice(root.length + 1)).replace(/\.ts$/, '.js');
}

if (!(process.argv.includes('--if-stale') && fresh)) {
  const startedAtMs = Date.now();
  rmSync(dist, { recursive: true, force: true });
  for (const file of sources) {
    const out = outputOf(file);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, transformFileSync(file, { configFile: join(root, '.swcrc') }).code);
  }
  writeFileSync(stamp, new Date().toISOString() + '\n');
  console.log(`built ${sources.length} files in ${Date.now() - startedAtMs} ms`);
}
