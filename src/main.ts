import 'reflect-metadata';
import { startApp, type App } from './app.js';
import { ConfigError, readConfig } from './config.js';
import { serveAsGuard } from './app-guard-process.js';
import { startGuardProcess, type RunningGuardProcess } from './main-guard.js';
import { startSimulator, type RunningSimulator } from './main-simulator.js';
import { playStory } from './main-story.js';
import type { Database } from './platform/database.js';
import { green, print, red, printAddresses, printFailure, StartLine } from './main-terminal.js';

const MIN_NODE = 22;

/** Starts, tells, serves, and stops cleanly on SIGINT, SIGTERM or SIGHUP. */
async function main(): Promise<void> {
  const nodeMajor = Number(process.versions.node.split('.')[0]);
  if (nodeMajor < MIN_NODE) {
    throw new ConfigError(
      `This is Node ${process.versions.node}; Relight brings its own. Start it with npm start, or use Node ${MIN_NODE} or newer.`,
    );
  }
  const config = readConfig(process.env, process.argv.slice(2));
  if (config.role === 'guard') return serveAsGuard(config);
  const line = new StartLine();
  const running: { app?: Promise<App>; guard?: RunningGuardProcess; simulator?: RunningSimulator } = {};
  let stopping: Promise<void> | undefined;
  const stop = (signal: string) => {
    stopping ??= (async () => {
      line.step(`stopping (${signal})`);
      // A start under way is let finish first: half a start would leave a database behind.
      const app = await running.app?.catch(() => undefined);
      await running.simulator?.stop();
      await app?.stop();
      line.end('stopped');
      process.exit(0);
    })();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  // A terminal that is gone, or a pipe that closes, ends the telling and not the product.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  // With GUARD_URL the guard is somebody else's to start.
  const withGuard = config.role === 'all' && !config.GUARD_URL;
  const startGuard = async (db: Database, databaseUrl: string) => {
    running.guard = await startGuardProcess(config, db, databaseUrl, line).catch(tellNoGuard);
    return running.guard;
  };
  running.app = startApp(config, line, withGuard ? startGuard : undefined);
  const app = await running.app;
  if (stopping) return;
  const withMeters = config.role === 'all' && config.simulation && config.simulator;
  if (withMeters && app.api && app.mqttUrl) running.simulator = await startSimulator(app, line);
  if (stopping) return;
  line.end('ready');
  await printAddresses(app, { simulator: running.simulator?.pid, guard: running.guard?.pid });
  if (withMeters && app.newWorld && config.story) await playStory(app);
  print(`  ${green('Serving.')} Ctrl-C stops.`);
}

/** Bringing power back does not wait for somebody to mend what only cuts need. */
function tellNoGuard(error: Error): undefined {
  print(red(`The guard cannot start: there are no cuts, and all restores. ${error.message}`));
}

main().catch((error: unknown) => {
  printFailure(error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
