import type { Percentiles } from './histogram.js';

/** What meters can be made to say without end. `freeze` is the register of the last midnight, of every meter once and all at once. */
export const LOAD_KINDS = ['reading', 'event', 'state', 'freeze'] as const;
export type LoadKind = (typeof LOAD_KINDS)[number];

/** Most messages a second that may be asked for; a process of this kind reaches some thousands. */
export const MAX_LOAD_PER_SECOND = 100_000;
/** Longest load, ms. */
export const MAX_LOAD_MS = 7 * 86_400_000;

/** A load as asked for. */
export interface LoadRequest {
  kind: LoadKind;
  /** Messages a second of the whole fleet; absent: as fast as the broker acknowledges. `freeze` goes as fast as it can. */
  perSecond?: number;
  /** How long, ms; absent: until stopped. `freeze` ends with its last meter. */
  forMs?: number;
}

/** How a load stands. */
export interface LoadView extends LoadRequest {
  running: boolean;
  elapsedMs: number;
  /** Messages handed to gateways. */
  sent: number;
  /** Messages of all kinds handed over since the load began that the broker has acknowledged. */
  acknowledged: number;
  /** Messages acknowledged per second since the load began, until its last message was. */
  acknowledgedPerSecond: number;
  /** Handed to gateways, by load or otherwise, and not acknowledged yet. */
  pending: number;
  /** Dropped because a gateway was without a connection for too long. */
  dropped: number;
  /** Turns passed over because the meter or its gateway was out of contact, or the gateway had 100 messages waiting. */
  skipped: number;
  /** From being handed to its gateway to the broker's PUBACK. */
  latency: Percentiles;
}

/** A load was asked for that cannot be; the text says what can. */
export class LoadError extends Error {}

/** One load at a time: two would be measured together. */
export class LoadRunningError extends LoadError {
  constructor() {
    super('A load is running; stop it first.');
  }
}

/** @throws LoadError naming what is wrong. */
export function checkLoad(request: LoadRequest): LoadRequest {
  const { kind, perSecond, forMs } = request;
  if (!LOAD_KINDS.includes(kind))
    throw new LoadError(`There is no load ${kind}; choose one of ${LOAD_KINDS.join(', ')}.`);
  if (perSecond !== undefined && !(perSecond > 0 && perSecond <= MAX_LOAD_PER_SECOND)) {
    throw new LoadError(`A rate is above 0 and at most ${MAX_LOAD_PER_SECOND} messages a second.`);
  }
  if (forMs !== undefined && !(forMs >= 1 && forMs <= MAX_LOAD_MS)) {
    throw new LoadError(`A load lasts 1 to ${MAX_LOAD_MS} ms; leave it out for one that lasts until it is stopped.`);
  }
  if (kind === 'freeze' && (perSecond !== undefined || forMs !== undefined)) {
    throw new LoadError('A freeze is every meter once, all at once: it takes neither a rate nor a time.');
  }
  return request;
}
