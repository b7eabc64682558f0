import { Dice } from '../../support/wire-model.js';
import {
  canonical,
  GATEWAY,
  guard,
  headEnd,
  headerOf,
  installationOf,
  nextId,
  seal,
  sealText,
  START_MS,
  type Signer,
} from './fixtures.js';
import { LINE_FORGERS } from './forged-line-orders.js';
import {
  flip,
  instant,
  LAST,
  N1,
  NEXT,
  other,
  otherOperation,
  sealed,
  to,
  Victims,
  victimOf,
  type Codec,
  type Forger,
} from './forgery-victims.js';
import { serialOf } from './line.js';

/** How many were tried of each kind, and those that changed anything. */
export interface Outcome {
  readonly tried: Readonly<Record<string, number>>;
  readonly total: number;
  readonly accepted: readonly string[];
  /** Whether an untouched order is still obeyed at the end: without that the rest would prove nothing. */
  readonly genuineObeyed: boolean;
}

interface Parts {
  payload: string;
  signatures: { protected: string; signature: string }[];
}
const partsOf = (bytes: Buffer): Parts => JSON.parse(bytes.toString()) as Parts;
const flipBase64 = (text: string, dice: Dice): string =>
  flip(Buffer.from(text, 'base64url'), dice).toString('base64url');

/** What anybody on the broker, a rolled key's owner, or a head-end without its guard might send. */
const FORGERS: Readonly<Record<string, Forger>> = {
  'forged: by a stranger': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    const signers = operation === 'cut' ? [other(headEnd), other(guard)] : [other(headEnd)];
    return to(order, seal(order, ...signers));
  },
  'forged: under an unknown kid': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    return to(order, seal(order, { ...headEnd, kid: v.dice.pick(['head-end-2', '', serialOf(1), GATEWAY]) }));
  },
  'forged: the guard has not signed': (v) => {
    const order = v.order('cut', 1, NEXT);
    const signers = v.dice.pick([
      [headEnd],
      [guard],
      [headEnd, headEnd],
      [guard, guard],
      [headEnd, other(guard)],
      [other(headEnd), guard],
      [headEnd, { ...headEnd, kid: guard.kid }],
    ]);
    return to(order, seal(order, ...signers));
  },
  'forged: the guard has signed something else': (v) => {
    const [own, others] = [seal(v.order('cut', 1, NEXT)), seal(v.order('cut', 3, NEXT))].map(partsOf) as [Parts, Parts];
    const parts = { ...own, signatures: [own.signatures[0], others.signatures[1]] };
    return { bytes: Buffer.from(JSON.stringify(parts)), target: serialOf(1) };
  },
  'forged: another algorithm': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    const alg = v.dice.pick(['none', 'HS256', 'Ed25519', 'eddsa', 'ES256']);
    const header = ({ kid }: Signer): string => Buffer.from(JSON.stringify({ alg, kid })).toString('base64url');
    return to(order, sealText(canonical(order), operation === 'cut' ? [headEnd, guard] : [headEnd], header));
  },
  'replayed: obeyed before': (v) => v.dice.pick(v.obeyed),
  'replayed: signed anew with a sequence of before': (v, operation) =>
    sealed(v.order(operation, victimOf(operation), 1 + v.dice.below(LAST))),
  expired: (v, operation) => {
    const notAfterMs = START_MS - 1 - v.dice.below(86_400_000);
    const index = victimOf(operation);
    const frame = v.frame(N1[operation], index, notAfterMs);
    const times = { issuedAt: instant(notAfterMs - 600_000), notAfter: instant(notAfterMs) };
    return sealed(v.order(operation, index, NEXT, { ...times, ...(frame === undefined ? {} : { frame }) }));
  },
  'expired: issued in the future': (v) => {
    const issuedMs = START_MS + 600_001 + v.dice.below(86_400_000);
    return sealed(v.order('cut', 1, NEXT, { issuedAt: instant(issuedMs), notAfter: instant(issuedMs + 600_000) }));
  },
  "cross-meter: a neighbour's order": (v, operation) => {
    const index = victimOf(operation);
    const order = v.order(operation, index + 2, NEXT);
    return { bytes: seal(order), target: serialOf(index) };
  },
  "cross-meter: to the neighbour's topic, with his installation": (v, operation) => {
    const index = victimOf(operation);
    const change = { installation: installationOf(index + 2) };
    return { bytes: seal(v.order(operation, index, NEXT, change)), target: serialOf(index + 2) };
  },
  'wrong installation': (v, operation) => {
    const index = victimOf(operation);
    const installation = v.dice.pick([nextId(), installationOf(index + 2)]);
    return sealed(v.order(operation, index, NEXT, { installation }));
  },
  'bit-flipped: the message': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    return to(order, flip(seal(order), v.dice));
  },
  'bit-flipped: the payload under its signatures': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    const parts = partsOf(seal(order));
    return to(order, Buffer.from(JSON.stringify({ ...parts, payload: flipBase64(parts.payload, v.dice) })));
  },
  'bit-flipped: a signature': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    const parts = partsOf(seal(order));
    const one = v.dice.pick(parts.signatures);
    one.signature = flipBase64(one.signature, v.dice);
    return to(order, Buffer.from(JSON.stringify(parts)));
  },
  'two signatures on what is no cut': (v) => {
    const order = v.order('restore', 2, NEXT);
    return to(order, seal(order, headEnd, v.dice.pick([guard, headEnd, other(guard)])));
  },
  'a member twice': (v, operation) => {
    const order = v.order(operation, victimOf(operation), NEXT);
    const text = canonical(order).replace('{', `{"operation":"${otherOperation(operation)}",`);
    return to(order, sealText(text, [headEnd, guard], headerOf));
  },
};

/** Tries `count` forgeries on meters of one codec, each kind as often as the others, and looks at every meter after each. */
export function tryForgeries(codec: Codec, count: number, seed: number): Outcome {
  const victims = new Victims(codec, new Dice(seed));
  const forgers = Object.entries(codec === 'json' ? FORGERS : { ...FORGERS, ...LINE_FORGERS });
  const tried: Record<string, number> = {};
  const accepted: string[] = [];
  const before = victims.standing;
  for (let round = 0; round < count; round += 1) {
    const [what, forge] = forgers[round % forgers.length]!;
    const { bytes, target } = forge(victims, victims.dice.pick(['cut', 'restore']));
    victims.tell(bytes, target);
    tried[what] = (tried[what] ?? 0) + 1;
    if (victims.standing !== before) {
      accepted.push(`${codec}, round ${round}: ${what}: ${bytes.toString()}`);
      break;
    }
  }
  const last = victims.order('cut', 1, NEXT);
  victims.tell(seal(last), last.meter);
  return { tried, total: count, accepted, genuineObeyed: !victims.bench.meter(serialOf(1)).relayClosed };
}
