import { startGuardRole } from './app-guard.js';
import type { Config } from './config.js';

/** What the guard prints when it answers. */
export const GUARD_READY = 'the guard answers at';

/** `--role=guard`: answers until it is told to stop, or until whoever started it is gone. */
export async function serveAsGuard(config: Config): Promise<void> {
  const guard = await startGuardRole(config);
  let stopping: Promise<void> | undefined;
  const stop = (): void => void (stopping ??= guard.stop().then(() => process.exit(0)));
  // Ctrl-C reaches the whole group: a guard that belongs to a product is told by it, when its last cut has been decided.
  const owned = process.env['GUARD_ENDS_WITH_STDIN'] === '1';
  process.on('SIGTERM', stop);
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => (owned ? undefined : stop()));
  if (owned) process.stdin.resume().once('end', stop).once('error', stop);
  process.stdout.write(`${GUARD_READY} ${guard.url} with key ${guard.key.kid} (x ${guard.key.x})\n`);
}
