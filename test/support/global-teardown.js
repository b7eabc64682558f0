import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const { postgres, dataDir } = globalThis.relightTestPostgres ?? {};
  await postgres?.stop();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
}
