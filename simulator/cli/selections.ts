/** What the commands ask of the control API, and the shape in which it comes (`schema/simulator.graphql`). */

export const COUNTER_FIELDS = `received accepted duplicates refused { code count } invalid reads readsIgnored unroutable unheard
  sent { ack state reading event frames } lostUp overflowed relayMovements`;

export const SUMMARY_FIELDS = `virtualTime timeScaleMillis clockFollowed gateways gatewaysOnline meters metersOnline closed open armed faults
  lastProblem counters { ${COUNTER_FIELDS} }`;

export const METER_FIELDS = `meter gateway installation load codec annualEnergyWh relay reportedRelay homeLit armed protected lastSequence lastCommandId online
  meterTime supplyVoltageMv loadVoltageMv powerW energyWh`;

export const FAULT_FIELDS = `id name target { all meter gateway share gatewayShare } parameters { name value } forMs`;

export const LOAD_FIELDS = `kind perSecond forMs running elapsedMs sent acknowledged acknowledgedPerSecond pending dropped skipped
  latency { count p50Ms p95Ms p99Ms maxMs }`;

export interface CountersData {
  received: number;
  accepted: number;
  duplicates: number;
  refused: { code: string; count: number }[];
  invalid: number;
  reads: number;
  sent: { ack: number; state: number; reading: number; event: number; frames: number };
  relayMovements: number;
}

export interface SummaryData {
  virtualTime: string;
  timeScaleMillis: number;
  clockFollowed: boolean;
  gateways: number;
  gatewaysOnline: number;
  meters: number;
  metersOnline: number;
  closed: number;
  open: number;
  armed: number;
  faults: number;
  lastProblem: string | null;
  counters: CountersData;
}

export interface MeterData {
  meter: string;
  relay: string;
  reportedRelay: string;
  armed: boolean;
  protected: boolean;
  lastSequence: number;
  online: boolean;
  powerW: number;
  energyWh: number;
}

export interface GatewayData {
  gateway: string;
  state: string;
  meters: number;
  closed: number;
  armed: number;
  pending: number;
}

export interface FaultData {
  id: string;
  name: string;
  target: Record<string, unknown>;
  parameters: { name: string; value: string }[];
  forMs: number | null;
}
