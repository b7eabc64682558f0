import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../package-root.js';

/** The scenarios that come with the simulator, by name: for meters, or for a running Relight. */
export function shippedScenarios(target: 'meters' | 'relight' = 'meters'): { name: string; file: string }[] {
  const folder = packagePath('simulator', 'scenarios', ...(target === 'relight' ? ['product'] : []));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.yaml'.length), file: join(folder, file) }));
}

/** The file of a scenario given by its name or its path; undefined when there is none. */
export function scenarioFile(nameOrPath: string, target: 'meters' | 'relight' = 'meters'): string | undefined {
  const shipped = shippedScenarios(target).find(({ name }) => name === nameOrPath);
  if (shipped) return shipped.file;
  return existsSync(nameOrPath) ? nameOrPath : undefined;
}
