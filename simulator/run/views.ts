import type { Meter } from '../meter/meter.js';
import { instantText, type LoadName, type RelayWord } from '../wire/contract.js';
import { isSilent, meterNowMs, type Context } from './context.js';
import type { Counters } from './counters.js';
import type { Gateway, GatewayState } from './gateway.js';

/** A meter as a tester sees it: what it is, what it shows, and what is really so. */
export interface MeterView {
  meter: string;
  gateway: string;
  installation: string;
  /** How it speaks: messages of its own, or frames on the line of its concentrator. */
  codec: 'json' | 'dlt645';
  load: LoadName;
  annualEnergyWh: number;
  /** Contacts as they are. */
  relay: RelayWord;
  /** Contacts as the meter reports them. */
  reportedRelay: RelayWord;
  armed: boolean;
  protected: boolean;
  lastSequence: number;
  lastCommandId: string;
  /** Whether its gateway is connected and the meter itself can be heard. */
  online: boolean;
  meterTime: string;
  /** Whether there is power in the home of its customer: not what the meter shows when it is crossed with a neighbour. */
  homeLit: boolean;
  supplyVoltageMv: number;
  loadVoltageMv: number;
  powerW: number;
  energyWh: number;
}

/** A gateway as it stands. */
export interface GatewayView {
  gateway: string;
  state: GatewayState;
  /** Meters behind it, and how they stand. */
  meters: number;
  closed: number;
  armed: number;
  /** Messages the broker has not acknowledged yet. */
  pending: number;
}

/** The fleet in figures. */
export interface FleetSummary extends Counters {
  meters: number;
  gateways: number;
  gatewaysOnline: number;
  metersOnline: number;
  /** Contacts as they are. */
  closed: number;
  open: number;
  armed: number;
  faults: number;
  virtualTime: string;
  /** Whether a head-end sets the time. */
  clockFollowed: boolean;
  /** Speed of the time, virtual ms per real second. */
  timeScaleMillis: number;
}

const relayWord = (closed: boolean): RelayWord => (closed ? 'closed' : 'open');

export function viewMeter(context: Context, gateway: Gateway | undefined, meter: Meter): MeterView {
  return {
    meter: meter.serial,
    gateway: meter.gateway,
    installation: meter.installation,
    codec: meter.dlt645 ? 'dlt645' : 'json',
    load: meter.load,
    annualEnergyWh: meter.annualEnergyWh,
    relay: relayWord(meter.relayClosed),
    reportedRelay: relayWord(meter.reportedClosed),
    armed: meter.armed,
    protected: meter.protected,
    lastSequence: meter.lastSequence,
    lastCommandId: meter.lastCommandId,
    online: gateway?.state === 'online' && !isSilent(context, meter),
    meterTime: instantText(meterNowMs(context, meter)),
    homeLit: context.physics.homeLit(meter),
    ...context.physics.measure(meter, context.clock.nowMs()),
  };
}

export function viewGateways(gateways: ReadonlyMap<string, Gateway>): GatewayView[] {
  return Array.from(gateways.values(), ({ id, state, meters, pending }) => {
    let closed = 0;
    let armed = 0;
    for (const meter of meters) {
      if (meter.relayClosed) closed += 1;
      if (meter.armed) armed += 1;
    }
    return { gateway: id, state, meters: meters.length, closed, armed, pending };
  });
}

export function summarise(context: Context, gateways: ReadonlyMap<string, Gateway>): FleetSummary {
  const { meters, clock, counters, faults } = context;
  let closed = 0;
  let armed = 0;
  let metersOnline = 0;
  let gatewaysOnline = 0;
  for (const gateway of gateways.values()) {
    const online = gateway.state === 'online';
    if (online) gatewaysOnline += 1;
    for (const meter of gateway.meters) {
      if (meter.relayClosed) closed += 1;
      if (meter.armed) armed += 1;
      if (online && !isSilent(context, meter)) metersOnline += 1;
    }
  }
  return {
    meters: meters.size,
    gateways: gateways.size,
    gatewaysOnline,
    metersOnline,
    closed,
    open: meters.size - closed,
    armed,
    faults: faults.list().length,
    virtualTime: instantText(clock.nowMs()),
    clockFollowed: clock.followed,
    timeScaleMillis: clock.scaleMillis,
    ...counters,
    refused: { ...counters.refused },
    sent: { ...counters.sent },
  };
}
