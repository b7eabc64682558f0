import { createHmac, type KeyObject } from 'node:crypto';
import { checkMessage, readMessage } from '../../src/head-end/uplink-check.js';
import type { KnownMeter } from '../../src/head-end/meter-directory.js';
import { Dice } from '../support/wire-model.js';
import {
  ackBody,
  canonical,
  GATEWAY,
  headerOf,
  knownMeter,
  METER,
  METER_KEY,
  NEIGHBOUR,
  NEIGHBOUR_KEY,
  privateKeyOf,
  publicXOf,
  sealParts,
  stateBody,
  toBytes,
  type EnvelopeParts,
} from './support/keys.js';

const SEED = 23;
const meters = new Map<string, KnownMeter>([
  [METER, knownMeter(METER, METER_KEY)],
  [NEIGHBOUR, knownMeter(NEIGHBOUR, NEIGHBOUR_KEY)],
]);

const parties = { meters, gateways: new Map<string, never>(), timeZone: 'Asia/Shanghai' };

/** Whether the head-end would believe these bytes on the topic of a meter. */
const believed = (bytes: Buffer, kind: 'ack' | 'state', meter = METER): boolean =>
  checkMessage(readMessage(`relight/v1/${GATEWAY}/up/${meter}/${kind}`, bytes), parties)[0]!.kind === 'REPORT';

const genuine = {
  ack: sealParts(canonical(ackBody()), METER_KEY, headerOf(METER)),
  state: sealParts(canonical(stateBody()), METER_KEY, headerOf(METER)),
};
type Kind = keyof typeof genuine;
const KINDS = Object.keys(genuine) as Kind[];

/** Every forgery is counted; those that were believed are kept. */
function attempt(
  forgeries: Iterable<{ readonly bytes: Buffer; readonly kind: Kind; readonly meter?: string; readonly what: string }>,
) {
  let count = 0;
  const accepted: string[] = [];
  for (const { bytes, kind, meter, what } of forgeries) {
    count += 1;
    if (believed(bytes, kind, meter)) accepted.push(what);
  }
  return { count, accepted };
}

const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};

function* flippedBits() {
  for (const kind of KINDS) {
    const bytes = toBytes(genuine[kind]);
    for (let bit = 0; bit < bytes.length * 8; bit += 1)
      yield { bytes: flipped(bytes, bit), kind, what: `${kind} message, bit ${bit}` };
    const { header, payload, signature } = genuine[kind];
    for (let bit = 0; bit < Buffer.byteLength(payload) * 8; bit += 1) {
      const changed = flipped(Buffer.from(payload), bit).toString('latin1');
      yield { bytes: withBytes({ header, payload: changed, signature }), kind, what: `${kind} payload, bit ${bit}` };
    }
    for (let bit = 0; bit < header.length * 8; bit += 1) {
      const changed = flipped(Buffer.from(header), bit).toString('latin1');
      yield { bytes: withBytes({ header: changed, payload, signature }), kind, what: `${kind} header, bit ${bit}` };
    }
    for (let bit = 0; bit < signature.length * 8; bit += 1) {
      yield {
        bytes: toBytes({ header, payload, signature: flipped(signature, bit) }),
        kind,
        what: `${kind} signature, bit ${bit}`,
      };
    }
  }
}

/** As {@link toBytes}, for texts that hold raw bytes. */
const withBytes = ({ header, payload, signature }: EnvelopeParts): Buffer => {
  const b64 = (text: string) => Buffer.from(text, 'latin1').toString('base64url');
  return Buffer.from(
    JSON.stringify({
      payload: b64(payload),
      signatures: [{ protected: b64(header), signature: signature.toString('base64url') }],
    }),
  );
};

/** What an owner of one meter's key, or of none, might hand in as the word of another. */
function* falseSigners(dice: Dice) {
  const strangers: KeyObject[] = Array.from({ length: 8 }, (_, index) => privateKeyOf(100 + index));
  for (let round = 0; round < 1_500; round += 1) {
    const kind = dice.pick(KINDS);
    const body =
      kind === 'ack'
        ? ackBody({ sequence: 1 + dice.below(99), lastSequence: 1 + dice.below(99) })
        : stateBody({ lastSequence: dice.below(99) });
    const key = dice.pick([NEIGHBOUR_KEY, ...strangers]);
    const kid = dice.pick([METER, NEIGHBOUR, 'head-end-test', '']);
    yield {
      bytes: toBytes(sealParts(canonical(body), key, headerOf(kid))),
      kind,
      what: `${kind} by a stranger as ${kid}`,
    };
    // The neighbour's own true word, on this meter's topic; and this meter's on the neighbour's.
    const neighbours = sealParts(canonical({ ...body, meter: NEIGHBOUR }), NEIGHBOUR_KEY, headerOf(NEIGHBOUR));
    yield { bytes: toBytes(neighbours), kind, what: `${kind} of the neighbour` };
    yield {
      bytes: toBytes(sealParts(canonical(body), METER_KEY, headerOf(METER))),
      kind,
      meter: NEIGHBOUR,
      what: `${kind} on the neighbour's topic`,
    };
    // A genuine signature under another payload.
    yield {
      bytes: toBytes({ ...genuine[kind], payload: canonical(body) + ' '.repeat(dice.below(3)) + ' ' }),
      kind,
      what: `${kind} with a borrowed signature`,
    };
  }
}

/** Headers that have fooled other verifiers. */
function* falseHeaders() {
  const algorithms = ['none', 'None', 'NONE', 'HS256', 'RS256', 'ES256', 'EdDSA ', 'eddsa', 'Ed25519', 'Ed448', ''];
  for (const kind of KINDS) {
    const payload = canonical(kind === 'ack' ? ackBody() : stateBody());
    for (const alg of algorithms) {
      const header = `{"alg":"${alg}","kid":"${METER}"}`;
      yield {
        bytes: toBytes({ header, payload, signature: Buffer.alloc(64) }),
        kind,
        what: `alg ${alg}, no signature`,
      };
      yield { bytes: toBytes(sealParts(payload, METER_KEY, header)), kind, what: `alg ${alg}, true signature` };
      const secret = Buffer.from(publicXOf(METER_KEY), 'base64url');
      const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`;
      const mac = createHmac('sha512', secret).update(input).digest();
      yield {
        bytes: toBytes({ header, payload, signature: mac }),
        kind,
        what: `alg ${alg}, keyed with the public key`,
      };
    }
    const extras = [`"crit":["b64"]`, `"jwk":{}`, `"x":1`, `"b64":false`];
    for (const extra of extras) {
      const header = `{"alg":"EdDSA","kid":"${METER}",${extra}}`;
      yield { bytes: toBytes(sealParts(payload, METER_KEY, header)), kind, what: `header with ${extra}` };
    }
    const { header, signature } = genuine[kind];
    const entry = { protected: Buffer.from(header).toString('base64url'), signature: signature.toString('base64url') };
    const twice = { payload: Buffer.from(payload).toString('base64url'), signatures: [entry, entry] };
    yield { bytes: Buffer.from(JSON.stringify(twice)), kind, what: 'signed twice' };
    const padded = JSON.stringify({
      payload: twice.payload,
      signatures: [{ ...entry, signature: `${entry.signature}==` }],
    });
    yield { bytes: Buffer.from(padded), kind, what: 'signature with padding' };
    // The order of the curve added to S: the same point, another spelling (RFC 8032 §5.1.7).
    yield { bytes: toBytes({ header, payload, signature: plusOrder(signature) }), kind, what: 'S + L' };
  }
}

const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

function plusOrder(signature: Buffer): Buffer {
  let s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ORDER;
  const bytes = Buffer.alloc(32);
  for (let index = 0; index < 32; index += 1, s >>= 8n) bytes[index] = Number(s & 0xffn);
  return Buffer.concat([signature.subarray(0, 32), bytes]);
}

describe('forged acks and states', () => {
  test('the genuine ones are believed: without that the rest would prove nothing', () => {
    expect(KINDS.map((kind) => believed(toBytes(genuine[kind]), kind))).toEqual([true, true]);
  });

  test('one bit changed anywhere: none of them is believed', () => {
    const { count, accepted } = attempt(flippedBits());
    expect(accepted).toEqual([]);
    expect(count).toBeGreaterThan(13_000);
  });

  test(`signed by another, or true on another meter's topic: none is believed (seed ${SEED})`, () => {
    const { count, accepted } = attempt(falseSigners(new Dice(SEED)));
    expect(accepted).toEqual([]);
    expect(count).toBe(6_000);
  });

  test('headers and signatures that have fooled others: none is believed', () => {
    const { count, accepted } = attempt(falseHeaders());
    expect(accepted).toEqual([]);
    expect(count).toBeGreaterThan(70);
  });
});
