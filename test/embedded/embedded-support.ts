import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { EmbeddedLog } from '../../src/embedded/embedded-log.js';

export const projectRoot = join(import.meta.dirname, '..', '..');

/** A folder only we may enter (0700), as `mktemp -d` and /root are: the hardest place for a server of another user. */
export function makeTempDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'relight-embedded-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface LogRecord {
  level: 'info' | 'warn' | 'error';
  message: string;
  details: Record<string, unknown>;
}

/** A log that is only remembered. */
export function makeMemoryLog(): { log: EmbeddedLog; records: LogRecord[] } {
  const records: LogRecord[] = [];
  const at = (level: LogRecord['level']) => (details: Record<string, unknown>, message: string) => {
    records.push({ level, message, details });
  };
  return { log: { info: at('info'), warn: at('warn'), error: at('error') } as unknown as EmbeddedLog, records };
}

/** Runs one statement on a connection of its own and returns its rows. */
export async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  // A server that is killed under us says so on the idle connection; the statement's own error is what counts.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

export interface Holder {
  url: string;
  process: ChildProcess;
}

/** Starts PostgreSQL from the built code in another process, which then does nothing: somebody to kill. */
export async function startHolder(dataDir: string, root = projectRoot): Promise<Holder> {
  const built = join(root, 'dist', 'src', 'embedded', 'postgres.js');
  if (!existsSync(built)) throw new Error(`${built} is missing: run \`node scripts/build.js\` first`);
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(built)});
    const { url } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(url);
    setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  for await (const line of createInterface({ input: child.stdout })) return { url: line, process: child };
  throw new Error(`the holder did not start PostgreSQL:\n${complaint}`);
}

/** Ends a process without giving it a chance to say goodbye. */
export async function killHard(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Waits until the condition holds; fails naming it after `timeoutMs`. */
export async function waitFor(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await delay(5);
  }
}
