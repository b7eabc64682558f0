import { DEVICE_FAULTS } from './device-faults.js';

/** A parameter of a fault: a number within bounds, or one word of a few. */
export type Parameter =
  | { type: 'number'; min: number; max: number; default?: number; about: string }
  | { type: 'word'; words: readonly string[]; default?: string; about: string }
  /** The number of another meter of the fleet. */
  | { type: 'meter'; default?: string; about: string };

/** Longest delay a fault may ask for: a day. Later than that is `offline`. */
const MAX_DELAY_MS = 86_400_000;
/** Furthest a meter's clock can be off: ten years. */
const MAX_CLOCK_OFFSET_MS = 10 * 366 * 86_400_000;

const rate = { type: 'number', min: 0, max: 1, default: 1, about: 'part of the messages it strikes, 0–1' } as const;
const direction = {
  type: 'word',
  words: ['up', 'down'],
  default: 'up',
  about: 'up: what meters send; down: what they are sent',
} as const;
const kind = {
  type: 'word',
  words: ['ack', 'state', 'reading', 'event', 'frames', 'all'],
  default: 'all',
  about: 'which upward messages',
} as const;
const at = {
  type: 'word',
  words: ['open', 'closed', 'any'],
  default: 'any',
  about: 'where the contacts stick: closed = cannot open, open = cannot close, any = never move',
} as const;

/** Every fault the simulator knows. The key is its name on the CLI, in files and in the control API. */
export const FAULTS = {
  offline: {
    about: 'no contact: a gateway (or 4G meter) drops its connection, a meter behind a concentrator falls silent',
    parameters: {},
  },
  outage: {
    about: 'no supply at the meter: LAST_GASP, silence, register stands still; POWER_ON and a boot state when it ends',
    parameters: {},
  },
  lossDown: { about: 'commands and read requests lost on their way to the meter', parameters: { rate } },
  lossUp: { about: 'messages of the meter lost', parameters: { rate, kind } },
  delay: {
    about: 'messages late by a random time',
    parameters: {
      minMs: { type: 'number', min: 0, max: MAX_DELAY_MS, default: 0, about: 'shortest delay, ms' },
      maxMs: { type: 'number', min: 0, max: MAX_DELAY_MS, about: 'longest delay, ms' },
      rate,
      direction,
      kind,
    },
  },
  lateAck: {
    about: 'acks late by a fixed time; they still say what was true when they were made',
    parameters: {
      afterMs: { type: 'number', min: 0, max: MAX_DELAY_MS, about: 'delay, ms' },
      rate,
    },
  },
  duplicate: { about: 'messages delivered twice', parameters: { rate, direction, kind } },
  reorder: {
    about: 'messages of a gateway swapped: one is held until the next has gone, or for windowMs',
    parameters: {
      windowMs: { type: 'number', min: 1, max: MAX_DELAY_MS, default: 1000, about: 'longest hold, ms' },
      rate,
      kind,
    },
  },
  stuckRelay: { about: 'the relay does not move; the meter reports its contacts truthfully', parameters: { at } },
  lyingRelay: {
    about: 'the relay does not move but the meter reports the state it was told; voltage and power stay true',
    parameters: { at },
  },
  clockOffset: {
    about: "the meter's clock is wrong",
    parameters: {
      offsetMs: {
        type: 'number',
        min: -MAX_CLOCK_OFFSET_MS,
        max: MAX_CLOCK_OFFSET_MS,
        about: 'how far ahead (negative: behind), ms',
      },
    },
  },
  ...DEVICE_FAULTS,
  reboot: {
    about: 'the meter restarts: volatile memory lost, permanent memory kept, then REBOOT and a boot state',
    parameters: {
      when: {
        type: 'word',
        words: ['now', 'afterAccept'],
        default: 'now',
        about: 'now: once; afterAccept: each time a command is in memory but neither acted on nor answered',
      },
      downMs: { type: 'number', min: 0, max: MAX_DELAY_MS, default: 2000, about: 'silence while restarting, ms' },
      rate,
    },
  },
} as const satisfies Record<string, { about: string; parameters: Record<string, Parameter> }>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];
