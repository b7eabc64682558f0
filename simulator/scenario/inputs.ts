/**
 * Everything that reaches a simulation from outside. A run is its manifest, its seed and its inputs, each with its instant: nothing
 * else decides what the meters do, so inputs are what a recording holds.
 */
export type Input =
  /** A message for a meter (or a concentrator itself) has reached its gateway. */
  | { kind: 'down'; gateway: string; to: string; payload: Buffer }
  /** A message on a gateway's clock topic. */
  | { kind: 'clock'; gateway: string; payload: Buffer }
  /** A gateway has connected and subscribed; `first` is false after a reconnect. */
  | { kind: 'online'; gateway: string; first: boolean }
  | { kind: 'offline'; gateway: string }
  /** A fault as in a faults file, checked before. */
  | { kind: 'fault'; fault: unknown }
  | { kind: 'endFault'; id: string }
  | { kind: 'press'; meter: string; holdMs: number }
  | { kind: 'code'; meter: string; code: string }
  /** A meter now hangs at another installation. */
  | { kind: 'installation'; meter: string; installation: string }
  /** Time goes on to here and nothing else happens: the end of a run. */
  | { kind: 'end' };

/** One line of a recording: kind, instant, and the input's own values in a fixed order. */
export type InputLine = readonly [kind: Input['kind'], nowMs: number, ...values: unknown[]];

/** Writes an input as a line. Payloads are text in the contract; anything else is kept byte for byte. */
export function inputLine(nowMs: number, input: Input): InputLine {
  switch (input.kind) {
    case 'down':
      return ['down', nowMs, input.gateway, input.to, ...bytesOut(input.payload)];
    case 'clock':
      return ['clock', nowMs, input.gateway, ...bytesOut(input.payload)];
    case 'online':
      return ['online', nowMs, input.gateway, input.first];
    case 'offline':
      return ['offline', nowMs, input.gateway];
    case 'fault':
      return ['fault', nowMs, input.fault];
    case 'endFault':
      return ['endFault', nowMs, input.id];
    case 'press':
      return ['press', nowMs, input.meter, input.holdMs];
    case 'code':
      return ['code', nowMs, input.meter, input.code];
    case 'installation':
      return ['installation', nowMs, input.meter, input.installation];
    case 'end':
      return ['end', nowMs];
  }
}

/** Reads a line back; undefined when it is no input. */
export function inputOf(line: readonly unknown[]): Input | undefined {
  const [kind, , a, b, c, d] = line;
  switch (kind) {
    case 'down':
      return { kind, gateway: a as string, to: b as string, payload: bytesIn(c, d) };
    case 'clock':
      return { kind, gateway: a as string, payload: bytesIn(b, c) };
    case 'online':
      return { kind, gateway: a as string, first: b as boolean };
    case 'offline':
      return { kind, gateway: a as string };
    case 'fault':
      return { kind, fault: a };
    case 'endFault':
      return { kind, id: a as string };
    case 'press':
      return { kind, meter: a as string, holdMs: b as number };
    case 'code':
      return { kind, meter: a as string, code: b as string };
    case 'installation':
      return { kind, meter: a as string, installation: b as string };
    case 'end':
      return { kind };
    default:
      return undefined;
  }
}

function bytesOut(payload: Buffer): [text: string] | [text: string, encoding: 'hex'] {
  const text = payload.toString('utf8');
  return Buffer.from(text, 'utf8').equals(payload) ? [text] : [payload.toString('hex'), 'hex'];
}

const bytesIn = (text: unknown, encoding: unknown): Buffer =>
  Buffer.from(text as string, encoding === 'hex' ? 'hex' : 'utf8');
