import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = (() => {
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
  }
})();

/** Absolute path of something in the project folder, whether the code runs from `src` or from `dist`. */
export const projectPath = (...parts: string[]): string => join(root, ...parts);
