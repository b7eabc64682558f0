import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Absolute path of a file of the package. Schemas and tables are read from where they are committed, and this code runs
 * both from `simulator/` (tests) and from `dist/simulator/` (built), so the root is looked for upwards.
 */
export function packagePath(...parts: string[]): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'schema', 'fleet.schema.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error(
        `No schema/fleet.schema.json above ${import.meta.dirname}; run the simulator from inside its package.`,
      );
    }
    folder = parent;
  }
  return join(folder, ...parts);
}
