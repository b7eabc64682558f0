import 'reflect-metadata';
import { startApp, type App } from './app.js';
import { ConfigError, readConfig } from './config.js';
import { startSimulator, type RunningSimulator } from './main-simulator.js';
import { playStory } from './main-story.js';
import { printAddresses, printFailure, StartLine } from './main-terminal.js';

const MIN_NODE = 22;

/** Starts, tells, serves, and stops cleanly on SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const nodeMajor = Number(process.versions.node.split('.')[0]);
  if (nodeMajor < MIN_NODE) {
    throw new ConfigError(
      `This is Node ${process.versions.node}; Relight brings its own. Start it with npm start, or use Node ${MIN_NODE} or newer.`,
    );
  }
  const config = readConfig(process.env, process.argv.slice(2));
  const line = new StartLine();
  const running: { app?: App; simulator?: RunningSimulator } = {};
  let stopping: Promise<void> | undefined;
  const stop = (signal: string) => {
    stopping ??= (async () => {
      line.step(`stopping (${signal})`);
      await running.simulator?.stop();
      await running.app?.stop();
      line.end('stopped');
      process.exit(0);
    })();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop(signal));

  const app = await startApp(config, line);
  running.app = app;
  const withMeters = config.role === 'all' && config.simulation && config.simulator;
  if (withMeters && app.api && app.mqttUrl) running.simulator = await startSimulator(app, line);
  if (stopping) return;
  line.end('ready');
  await printAddresses(app, running.simulator);
  if (withMeters && app.newWorld && config.story) await playStory(app);
}

main().catch((error: unknown) => {
  printFailure(error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
