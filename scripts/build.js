// Transpiles src, simulator, verifier, bench and demo into dist with the same swc settings the tests use, and copies nothing else:
// schemas and tables are read from where they are committed. Types are checked by `npm run check:types`, not here,
// so that `npm start` on a fresh machine waits about a second instead of ten.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const ifStale = process.argv.includes('--if-stale');
const sourceDirs = ['src', 'simulator', 'verifier', 'bench', 'demo'];

const listFiles = (dir, pattern) =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && pattern.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
    : [];

const sources = sourceDirs.flatMap((dir) => listFiles(join(root, dir), /(?<!\.d)\.ts$/));
const outputOf = (file) => join(dist, file.slice(root.length + 1)).replace(/\.ts$/, '.js');
const settingsMs = statSync(join(root, '.swcrc')).mtimeMs;
const startedAtMs = Date.now();
const stale = sources.filter((file) => {
  const out = outputOf(file);
  return !ifStale || !existsSync(out) || statSync(out).mtimeMs < Math.max(statSync(file).mtimeMs, settingsMs);
});

for (const file of stale) {
  const out = outputOf(file);
  mkdirSync(dirname(out), { recursive: true });
  // Written aside and moved into place: a process that is just starting never meets half a file.
  writeFileSync(`${out}.new`, transformFileSync(file, { configFile: join(root, '.swcrc') }).code);
  renameSync(`${out}.new`, out);
}
const wanted = new Set(sources.map(outputOf));
for (const file of listFiles(dist, /\.js$/)) if (!wanted.has(file)) rmSync(file);
if (stale.length > 0) console.log(`built ${stale.length} files in ${Date.now() - startedAtMs} ms`);
