import { startFleet, type FleetOptions, type FleetSummary, type RunningFleet } from '../simulator/fleet.js';
import { serveBench } from './support/children.js';

/** How far a meter's relay has moved, as the simulator remembers it. */
export interface RelayRecord {
  readonly serial: string;
  readonly toggles: number;
  readonly closed: boolean;
  readonly lastCommandId: string;
}

let fleet: RunningFleet | undefined;

/** Simulated meters in a process of their own, as in the product. */
const handlers = {
  /** Connects the fleet; resolves when every gateway is online. */
  async start(options: FleetOptions): Promise<void> {
    fleet = await startFleet(options);
    await fleet.ready;
  },
  summary: (): FleetSummary => fleet!.summary(),
  relays: (): RelayRecord[] =>
    fleet!.meters.map((serial) => {
      const { relay, lastCommandId } = fleet!.meter(serial)!;
      return { serial, toggles: fleet!.relayHistory(serial).length, closed: relay === 'closed', lastCommandId };
    }),
};
export type FleetProcess = typeof handlers;

serveBench(handlers, async () => fleet?.stop());
