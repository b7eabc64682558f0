import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../package-root.js';

/** The scenarios that come with the simulator, by name. */
export function shippedScenarios(): { name: string; file: string }[] {
  const folder = packagePath('simulator', 'scenarios');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.yaml'.length), file: join(folder, file) }));
}

/** The file of a scenario given by its name or its path; undefined when there is none. */
export function scenarioFile(nameOrPath: string): string | undefined {
  const shipped = shippedScenarios().find(({ name }) => name === nameOrPath);
  if (shipped) return shipped.file;
  return existsSync(nameOrPath) ? nameOrPath : undefined;
}
