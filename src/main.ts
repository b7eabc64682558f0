import 'reflect-metadata';
import { startApp, type App } from './app.js';
import { ConfigError, readConfig } from './config.js';
import { startSimulator, type RunningSimulator } from './main-simulator.js';
import { playStory } from './main-story.js';
import { green, print, printAddresses, printFailure, StartLine } from './main-terminal.js';

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
  const line = new StartLine();
  const running: { app?: Promise<App>; simulator?: RunningSimulator } = {};
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

  running.app = startApp(config, line);
  const app = await running.app;
  if (stopping) return;
  const withMeters = config.role === 'all' && config.simulation && config.simulator;
  if (withMeters && app.api && app.mqttUrl) running.simulator = await startSimulator(app, line);
  if (stopping) return;
  line.end('ready');
  await printAddresses(app, running.simulator?.pid);
  if (withMeters && app.newWorld && config.story) await playStory(app);
  print(`  ${green('Serving.')} Ctrl-C stops.`);
}

main().catch((error: unknown) => {
  printFailure(error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
