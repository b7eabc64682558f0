import type { Reader } from '../platform/database.js';
import { GatewayDirectory, MeterDirectory } from './meter-directory.js';
import { gatewayOf, serialsOf, type KnownParties, type ReadMessage } from './uplink-check.js';

/** Looks up who is on record among those that messages name. */
export class PartiesDirectory {
  private readonly meters: MeterDirectory;
  private readonly gateways: GatewayDirectory;

  constructor(
    reader: Reader,
    private readonly timeZone: string,
  ) {
    this.meters = new MeterDirectory(reader);
    this.gateways = new GatewayDirectory(reader);
  }

  /** For a group of messages at once: at most two statements, and none where everybody was met lately. */
  async of(messages: readonly ReadMessage[]): Promise<KnownParties> {
    const [meters, gateways] = await Promise.all([
      this.meters.find(messages.flatMap(serialsOf)),
      this.gateways.find(messages.flatMap(gatewayOf)),
    ]);
    return { meters, gateways, timeZone: this.timeZone };
  }

  /** Looks these meters up while their answers are still on the way. A failure is not ours to tell: the answer looks again. */
  expect(serials: readonly string[]): void {
    this.meters.find(serials).catch(() => undefined);
  }
}
