import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateFleet } from '../simulator/generate-fleet.js';
import type { ScaleProcess } from './scale-process.js';
import { startChild } from './support/children.js';
import { Cleanup } from './support/cleanup.js';
import { startOpenMosquitto } from './support/open-mosquitto.js';
import type { BenchOptions } from './support/options.js';
import { step } from './support/progress.js';
import { atMost, equal, type Outcome } from './support/report.js';
import { rounded } from './support/statistics.js';
import { until } from './support/until.js';

interface Shape {
  readonly concentrators: number;
  readonly metersPerConcentrator: number;
  readonly direct: number;
}

const SHAPES = {
  full: [
    { concentrators: 90, metersPerConcentrator: 1_000, direct: 10_000 },
    { concentrators: 95, metersPerConcentrator: 1_000, direct: 5_000 },
  ],
  quick: [{ concentrators: 9, metersPerConcentrator: 100, direct: 100 }],
};
const BARS = { residentMb: 1_000, bytesPerMeter: 300 };
const SPOKEN_TIMEOUT_MS = 400_000;

interface Held {
  readonly meters: number;
  readonly connectedMs: number;
  readonly spokenMs: number;
  readonly aliveBytes: number;
  readonly residentMb: number;
  readonly peakMb: number;
  readonly states: number;
}

/** 100,000 simulated meters in one process, and what each costs beyond the connections. */
export async function scale(options: BenchOptions, cleanup: Cleanup): Promise<Outcome> {
  const shapes: readonly Shape[] = options.quick ? SHAPES.quick : SHAPES.full;
  const measured = [];
  for (const shape of shapes) {
    const whole = await hold(shape, cleanup);
    // The same connections with one meter behind each concentrator: the difference is what the other meters cost.
    const connections = await hold({ ...shape, metersPerConcentrator: 1 }, cleanup);
    const bytesPerMeter = (whole.aliveBytes - connections.aliveBytes) / (whole.meters - connections.meters);
    measured.push({ shape, whole, connections, bytesPerMeter });
  }
  const name = ({ concentrators, metersPerConcentrator, direct }: Shape): string =>
    `${concentrators} × ${metersPerConcentrator} + ${direct}`;
  const seconds = (ms: number): number => rounded(ms / 1_000, 1);
  return {
    parameters: { fleets: shapes.map(name).join(' and ') },
    figures: measured.flatMap(({ shape, whole, connections }) => [
      { what: `${name(shape)}: connected and subscribed`, value: seconds(whole.connectedMs), unit: 's' },
      { what: `${name(shape)}: every meter has said how it stands`, value: seconds(whole.spokenMs), unit: 's' },
      { what: `${name(shape)}: alive after a collection`, value: rounded(whole.aliveBytes / 1e6, 1), unit: 'MB' },
      {
        what: `${name(shape)}: the same with one meter per concentrator`,
        value: rounded(connections.aliveBytes / 1e6, 1),
        unit: 'MB',
      },
    ]),
    bars: measured.flatMap(({ shape, whole, bytesPerMeter }) => [
      atMost(`${name(shape)}: resident memory at its greatest`, rounded(whole.peakMb, 0), BARS.residentMb, 'MB'),
      atMost(
        `${name(shape)}: state of a meter beyond the connections`,
        rounded(bytesPerMeter, 0),
        BARS.bytesPerMeter,
        'bytes',
      ),
    ]),
    checks: measured.map(({ shape, whole }) => equal(`${name(shape)}: boot states`, whole.states, whole.meters)),
    detail: measured,
  };
}

/** One fleet in a process of its own on a broker of its own, until every meter has spoken. */
async function hold(shape: Shape, outer: Cleanup): Promise<Held> {
  const { concentrators, metersPerConcentrator, direct } = shape;
  const meters = concentrators * metersPerConcentrator + direct;
  step(`${meters} meters on ${concentrators + direct} connections`);
  const file = join(outer.directory(), 'fleet.json');
  const common = { seed: 7, timezone: 'Asia/Shanghai', registerAt: '2026-01-01T00:00:00.000Z', downlinkKeys: [] };
  writeFileSync(file, JSON.stringify(generateFleet({ ...shape, ...common }).manifest), { mode: 0o600 });
  const cleanup = new Cleanup();
  try {
    const brokerUrl = await startOpenMosquitto(cleanup);
    const child = startChild<ScaleProcess>('scale-process.js', cleanup);
    const startedAtMs = performance.now();
    const connectedMs = await child.call('start', file, { brokerUrl });
    let states = 0;
    const allSpoken = async (): Promise<boolean> => {
      states = (await child.call('summary')).sent.state;
      step(`${states} of ${meters} meters have said how they stand`);
      return states >= meters;
    };
    await until('every meter has said how it stands', allSpoken, { timeoutMs: SPOKEN_TIMEOUT_MS, everyMs: 500 });
    const spokenMs = performance.now() - startedAtMs;
    return { meters, connectedMs, spokenMs, states, ...(await child.call('held')) };
  } finally {
    await cleanup.run();
  }
}
