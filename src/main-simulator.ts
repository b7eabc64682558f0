import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { projectPath } from './platform/project-path.js';
import type { App, StartProgress } from './app.js';
import { endChild, startChild } from './main-child.js';
import { print, red } from './main-terminal.js';

/** The simulator as a process of its own: it meets the product on the wire only. */
export interface RunningSimulator {
  readonly pid: number;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;

/**
 * Starts the bundled meter simulator for the meters of this world and waits until its gateways are connected.
 * @throws Error with the simulator's own words when it gives up
 */
export async function startSimulator(app: App, progress: StartProgress): Promise<RunningSimulator> {
  progress.step('connecting the simulated meters');
  const cli = projectPath('dist', 'simulator', 'cli.js');
  if (!existsSync(cli)) throw new Error('The simulator is not built. Run npm run build.');
  const token = await app.api!.issueToken!({ subject: 'bundled-simulator', role: 'TESTER' });
  const { config } = app;
  const child = await startChild({
    program: cli,
    args: [
      'run',
      ...['--fleet', `${app.api!.url}/simulation/fleet`],
      ...['--broker', app.mqttUrl!],
      ...['--seed', String(config.SEED)],
      ...['--relay-ms', String(config.SIMULATED_RELAY_MS)],
      // The meters' memory, and where the control API is, so that "npm run simulate -- faults add …" finds this fleet.
      ...['--data-dir', join(resolve(config.DATA_DIR), 'simulator')],
      ...['--summary-every', '3600'],
      // If this process is killed, the simulator ends too, instead of fighting the next one for its logins.
      '--until-stdin-ends',
    ],
    // The token goes by the environment: arguments can be read by every user of the machine.
    env: { ...process.env, RELIGHT_FLEET_TOKEN: token },
    ready: /^connected: /m,
    readyTimeoutMs: READY_TIMEOUT_MS,
    name: 'The meter simulator',
    showErrors: false,
  });
  let stopping = false;
  child.once('exit', (code, signal) => {
    if (stopping) return;
    print(
      red(
        `The meter simulator ended (${signal ?? `code ${code}`}): the simulated meters are off the line. Ctrl-C and npm start bring them back.`,
      ),
    );
  });
  return {
    pid: child.pid!,
    stop() {
      stopping = true;
      return endChild(child);
    },
  };
}
