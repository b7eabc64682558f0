import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startFleet, type FleetOptions, type FleetSummary, type RunningFleet } from '../simulator/fleet.js';
import { loadManifest } from '../simulator/manifest-source.js';
import { serveBench } from './support/children.js';
import { residentMb } from './support/processes.js';

// As simulator/cli.ts sets it.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let fleet: RunningFleet | undefined;

/** What a process holds. */
export interface Held {
  /** Alive on the heap and beside it (typed arrays, buffers) after a collection, bytes. */
  readonly aliveBytes: number;
  readonly residentMb: number;
  readonly peakMb: number;
}

/** A fleet alone in a process, started from a file as the command line does. */
const handlers = {
  /** Connects it; how long that took, ms. */
  async start(file: string, options: Omit<FleetOptions, 'fleet'>): Promise<number> {
    const startedAtMs = performance.now();
    fleet = await startFleet({ ...options, fleet: await loadManifest({ from: file }) });
    await fleet.ready;
    return performance.now() - startedAtMs;
  },
  summary: (): FleetSummary => fleet!.summary(),
  async held(): Promise<Held> {
    for (let round = 0; round < 3; round += 1) {
      collectGarbage();
      // The memory of dead typed arrays is given back by another thread.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { heapUsed, external } = process.memoryUsage();
    const { nowMb, peakMb } = residentMb(process.pid);
    return { aliveBytes: heapUsed + external, residentMb: nowMb, peakMb };
  },
};
export type ScaleProcess = typeof handlers;

serveBench(handlers, async () => fleet?.stop());
