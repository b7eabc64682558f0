import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../src/embedded/ports.js';
import type { Cleanup } from './cleanup.js';
import { OutputOf } from './output.js';

/**
 * A mosquitto of our own on a free port of this machine, open to everybody and without memory: what is measured is the simulator, and
 * ten thousand passwords would only measure their hashing. Its address.
 * @throws Error when it is not installed (Debian: apt-get install mosquitto)
 */
export async function startOpenMosquitto(cleanup: Cleanup): Promise<string> {
  const port = await findFreePort('127.0.0.1');
  const config = join(cleanup.directory(), 'mosquitto.conf');
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\npersistence false\n`);
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };
  const child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'pipe', 'pipe'], env });
  child.once('error', () => process.stderr.write('mosquitto is not installed (Debian: apt-get install mosquitto)\n'));
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  cleanup.defer(() => {
    process.off('exit', kill);
    kill();
  });
  await new OutputOf(child).line(/running/, 10_000);
  return `mqtt://127.0.0.1:${port}`;
}
