import type { ContractValue } from '../wire/canonical-json.js';
import { instantText, type SwitchCommand } from '../wire/contract.js';
import { sealBy, type Signers } from './signers.js';

/** What an attacker (or a head-end gone wrong) sends. Each says what a meter must answer. */
export const ATTACKS = {
  unknownKey: 'a lawful cut under the head-end’s name by a key that meters do not know: no answer, INVALID_COMMAND',
  noGuard: 'a cut without the guard’s signature, as by a head-end that was taken over: SECOND_SIGNATURE',
  twoHeadEnds: 'a cut signed twice by the head-end: SECOND_SIGNATURE',
  guardAlone: 'a cut signed by the guard alone: no answer, INVALID_COMMAND',
  bitFlip: 'a lawful cut with one bit of it turned: no answer, INVALID_COMMAND',
  expired: 'a lawful cut whose validity is over: EXPIRED',
  oldSequence: 'a lawful cut with a sequence already used: SEQUENCE',
  crossMeter: 'another meter’s lawful cut brought to this one: WRONG_METER',
  wrongInstallation: 'a lawful cut for a meter that hangs elsewhere: WRONG_INSTALLATION',
  futureCut: 'a lawful cut issued an hour from now: CLOCK',
  replay: 'the meter’s own last order once more, byte for byte: a duplicate answer, nothing moves',
  replayFirst:
    'the meter’s own first order once more, byte for byte: SEQUENCE (a duplicate answer if it was also the last)',
} as const;

export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];

/** What a forged order is made from. */
export interface AttackMaterial {
  signers: Signers;
  /** A cut that the meter would obey: right meter, installation, next sequence, valid now. */
  lawful: SwitchCommand;
  /** Scheduler's virtual now, ms since 1970. */
  nowMs: number;
  /** A number in [0, 1) for where a bit is turned. */
  chance: number;
  /** Another meter of the fleet. */
  neighbour: { meter: string; gateway: string; installation: string };
  /** Envelopes sent to this meter before, oldest first. */
  history: readonly string[];
}

/** Makes the bytes of an attack on one meter; undefined where there is nothing to replay. */
export function forge(name: AttackName, material: AttackMaterial): Buffer | undefined {
  const { signers, lawful, nowMs, neighbour, history } = material;
  const { headEnd, guard, stranger } = signers;
  const by = (change: Partial<SwitchCommand>): Buffer =>
    Buffer.from(sealBy({ ...lawful, ...change } as unknown as ContractValue, headEnd, guard));
  const signedBy = (...who: Parameters<typeof sealBy> extends [unknown, ...infer Rest] ? Rest : never): Buffer =>
    Buffer.from(sealBy(lawful as unknown as ContractValue, ...who));
  switch (name) {
    case 'unknownKey':
      return signedBy(stranger, guard);
    case 'noGuard':
      return signedBy(headEnd);
    case 'twoHeadEnds':
      return signedBy(headEnd, headEnd);
    case 'guardAlone':
      return signedBy(guard);
    case 'bitFlip':
      return flipped(by({}), material.chance);
    case 'expired':
      return by({ issuedAt: instantText(nowMs - 7_200_000), notAfter: instantText(nowMs - 3_600_000) });
    case 'oldSequence':
      return by({ sequence: Math.max(1, lawful.sequence - 1) });
    case 'crossMeter':
      return by({ meter: neighbour.meter, installation: neighbour.installation });
    case 'wrongInstallation':
      return by({ installation: neighbour.installation });
    case 'futureCut':
      return by({ issuedAt: instantText(nowMs + 3_600_000), notAfter: instantText(nowMs + 7_200_000) });
    case 'replay':
      return bytesOf(history.at(-1));
    case 'replayFirst':
      return bytesOf(history[0]);
  }
}

const bytesOf = (envelope: string | undefined): Buffer | undefined =>
  envelope === undefined ? undefined : Buffer.from(envelope);

/** Turns one bit within the payload, so that the envelope stays readable and the signature is wrong. */
function flipped(bytes: Buffer, chance: number): Buffer {
  const text = bytes.toString('utf8');
  const { payload } = JSON.parse(text) as { payload: string };
  const raw = Buffer.from(payload, 'base64url');
  const bit = Math.floor(chance * raw.length * 8);
  raw[bit >> 3] = (raw[bit >> 3] as number) ^ (1 << (bit & 7));
  return Buffer.from(text.replace(payload, raw.toString('base64url')));
}
