/** Faults of lines, relays, clocks, wires and concentrators, added to the catalogue beside this file. */

/** Longest delay a fault may ask for: a day. Later than that is `offline`. */
const MAX_DELAY_MS = 86_400_000;
const rate = (what: string) =>
  ({ type: 'number', min: 0, max: 1, default: 1, about: `part of the ${what}, 0–1` }) as const;

export const DEVICE_FAULTS = {
  districtOutage: {
    about:
      'no supply in a whole district (target a gateway): as outage for its meters, and the concentrator itself says last-gasp and is gone; what waited in it is lost',
    parameters: {},
  },
  brownOut: {
    about: 'supply voltage sags: low voltages, VOLTAGE_LOW below 90 % of nominal, VOLTAGE_NORMAL when it ends',
    parameters: {
      percent: { type: 'number', min: 1, max: 120, default: 75, about: 'of the usual voltage that arrives' },
    },
  },
  backfeed: {
    about:
      "voltage on the load side while the relay is open or the supply gone: the customer's generator or solar panels",
    parameters: {
      voltageMv: { type: 'number', min: 1, max: 500_000, default: 215_000, about: 'on the load side, mV' },
    },
  },
  slowRelay: {
    about: 'the relay moves, but late; accepted long before',
    parameters: {
      delayMs: { type: 'number', min: 1, max: MAX_DELAY_MS, about: 'beyond its usual time, ms' },
    },
  },
  clockDrift: {
    about: 'the clock runs at a wrong rate from now on, of meters and of concentrators',
    parameters: {
      ppm: {
        type: 'number',
        min: -1_000_000,
        max: 1_000_000,
        about: 'fast (negative: slow) by this many parts in a million',
      },
      rates: {
        type: 'word',
        words: ['same', 'each'],
        default: 'same',
        about: 'same: all alike; each: every clock its own within ±ppm',
      },
    },
  },
  crossWired: {
    about: 'two neighbours are crossed (target one meter): a cut of one darkens the home of the other',
    parameters: {
      with: { type: 'meter', about: "the neighbour's meter" },
      wires: {
        type: 'word',
        words: ['control', 'load'],
        default: 'control',
        about:
          'control: the control wires of the breakers: the cut meter says open, its load flows on; load: the homes behind the meters: meters look right, the wrong home is dark',
      },
    },
  },
  newFirmware: {
    about:
      'DL/T 645: the meter has the later text of the standard: errors and 9CH with two bytes of switch status, freezes with rates',
    parameters: {},
  },
  wrongPassword: {
    about:
      'DL/T 645: password or key of the meter is not what it should be; after five wrong ones it takes none for a day',
    parameters: {},
  },
  lineSilent: { about: 'DL/T 645: the meter neither hears nor speaks on the serial line; it works on', parameters: {} },
  lineNoise: {
    about: 'DL/T 645: frames damaged on the serial line, both ways; the concentrator passes on what came',
    parameters: {
      rate: rate('frames'),
      damage: {
        type: 'word',
        words: ['flip', 'lose', 'cut', 'any'],
        default: 'any',
        about: 'flip: a bit; lose: a byte; cut: the rest of the frame',
      },
    },
  },
  lyingConcentrator: {
    about: 'DL/T 645: the concentrator signs answers as those of another meter',
    parameters: {
      as: {
        type: 'word',
        words: ['other', 'unknown'],
        default: 'other',
        about: 'other: one of its own; unknown: one it does not have',
      },
      rate: rate('answers'),
    },
  },
  replayUp: {
    about:
      'messages recorded from a gateway (the last 200 of the time of this fault) are sent again, byte for byte, after new ones',
    parameters: { rate: rate('messages after which an old one follows') },
  },
} as const;
