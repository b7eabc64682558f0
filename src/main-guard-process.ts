import { serveAsGuard } from './app-guard-process.js';
import { ConfigError, readConfig } from './config.js';

// The guard as the product starts it: the same as main.js --role=guard, without loading anything that a guard has no use for.
try {
  await serveAsGuard(readConfig(process.env, ['--role=guard']));
} catch (error) {
  process.stderr.write(`the guard cannot start: ${(error as Error).message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
