import type { ManifestMeter } from '../wire/contract.js';
import { hash32 } from './random.js';
import { RelayLog } from './relay-log.js';
import { UuidColumn } from './uuid-bytes.js';

/** Bits of `Columns.flags`. */
export const FLAG = {
  relayClosed: 1 << 0,
  reportedClosed: 1 << 1,
  armed: 1 << 2,
  protected: 1 << 3,
  supplied: 1 << 4,
  commerce: 1 << 5,
  orderCloses: 1 << 6,
  orderByButton: 1 << 7,
  freezeProvisional: 1 << 8,
  dlt645: 1 << 9,
  cipher: 1 << 10,
} as const;

/** `frozenThroughDay` before the clock is known. */
export const NO_DAY = -0x8000_0000;

/**
 * The state of all meters of a fleet, one array per property: ~125 bytes a meter, where an object with its texts takes 700 and more.
 * What a property means stands at `Meter`, which is how it is read and written. A property that few meters ever have belongs into a
 * `Map` by the meter's index instead.
 */
export class Columns {
  /** 12 digits as a number. */
  readonly serial: Float64Array;
  /** Index into `gateways`. */
  readonly gateway: Uint32Array;
  readonly gateways: string[] = [];
  readonly annualEnergyWh: Float64Array;
  readonly variation: Uint32Array;
  readonly random: Uint32Array;
  readonly installation: UuidColumn;
  readonly lastSequence: Float64Array;
  readonly lastCommandId: UuidColumn;
  readonly flags: Uint16Array;
  readonly baseWh: Float64Array;
  readonly baseAtMs: Float64Array;
  readonly frozenThroughDay: Int32Array;
  readonly orderSequence: Float64Array;
  readonly silentUntilMs: Float64Array;
  readonly invalidEventAtMs: Float64Array;
  readonly relayLog: RelayLog;

  /** `entries` must have been checked: a gateway and an installation in every one. */
  constructor(entries: readonly ManifestMeter[], seed: number) {
    const count = entries.length;
    this.serial = new Float64Array(count);
    this.gateway = new Uint32Array(count);
    this.annualEnergyWh = new Float64Array(count);
    this.variation = new Uint32Array(count);
    this.random = new Uint32Array(count);
    this.installation = new UuidColumn(count);
    this.lastSequence = new Float64Array(count);
    this.lastCommandId = new UuidColumn(count);
    this.flags = new Uint16Array(count);
    this.baseWh = new Float64Array(count);
    this.baseAtMs = new Float64Array(count);
    this.frozenThroughDay = new Int32Array(count).fill(NO_DAY);
    this.orderSequence = new Float64Array(count);
    this.silentUntilMs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.invalidEventAtMs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.relayLog = new RelayLog(count);
    const gatewayNumbers = new Map<string, number>();
    for (const [index, entry] of entries.entries()) {
      let gateway = gatewayNumbers.get(entry.gateway);
      if (gateway === undefined) {
        gateway = this.gateways.push(entry.gateway) - 1;
        gatewayNumbers.set(entry.gateway, gateway);
      }
      this.#fill(index, entry, gateway, seed);
    }
  }

  #fill(index: number, entry: ManifestMeter, gateway: number, seed: number): void {
    this.serial[index] = Number(entry.meter);
    this.gateway[index] = gateway;
    this.annualEnergyWh[index] = entry.annualEnergyWh;
    this.variation[index] = hash32(`variation:${entry.meter}`, seed);
    this.random[index] = hash32(`meter:${entry.meter}`, seed);
    this.installation.set(index, entry.installation);
    this.lastSequence[index] = entry.lastSequence;
    this.flags[index] =
      FLAG.supplied |
      (entry.relay === 'closed' ? FLAG.relayClosed | FLAG.reportedClosed : 0) |
      (entry.protected ? FLAG.protected : 0) |
      (entry.load === 'commerce' ? FLAG.commerce : 0) |
      (entry.codec === 'dlt645' ? FLAG.dlt645 : 0) |
      (entry.securityClass === 'cipher' ? FLAG.cipher : 0);
    this.baseWh[index] = entry.registerWh;
    this.baseAtMs[index] = Date.parse(entry.registerAt);
  }
}
