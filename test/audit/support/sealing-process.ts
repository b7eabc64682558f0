// A sealer in a process of its own, so that a test can kill it. Run by node itself (types are stripped, nothing is transpiled), so it takes
// the built product: npm run test:jest builds it first.
import type * as SealerModule from '../../../src/platform/audit-sealer.js';
import type { Clock } from '../../../src/platform/clock.js';
import type * as DatabaseModule from '../../../src/platform/database.js';
import type * as LogModule from '../../../src/platform/log.js';
import type * as KeyModule from '../../../src/platform/signing-key.js';

const product = async <Module>(path: string): Promise<Module> =>
  (await import(new URL(`../../../dist/src/platform/${path}.js`, import.meta.url).href)) as Module;
const { AuditSealer } = await product<typeof SealerModule>('audit-sealer');
const { Database } = await product<typeof DatabaseModule>('database');
const { createLogger } = await product<typeof LogModule>('log');
const { loadKey } = await product<typeof KeyModule>('signing-key');

const [databaseUrl, keyFile, checkpointFile] = process.argv.slice(2) as [string, string, string];
const log = createLogger('silent');
const clock = { now: () => new Date(), wallNow: () => new Date() } as Clock;
const key = loadKey(keyFile, { role: 'audit', setting: 'AUDIT_KEY_FILE' }, false);
const sealer = new AuditSealer({ db: new Database(databaseUrl, log), clock, log, key, checkpointFile });
// Without a pause, so that the killing meets every step of it.
for (;;) await sealer.sealNow();
