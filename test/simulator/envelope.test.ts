import { sign } from 'node:crypto';
import fc from 'fast-check';
import { canonicalJson, type ContractValue } from '../../simulator/wire/canonical-json.js';
import { openEnvelope, sealEnvelope } from '../../simulator/wire/envelope.js';
import { keyRing, meterKey, gatewayPassword, publicX as xOf } from '../../simulator/wire/keys.js';
import {
  canonical,
  cut,
  guard,
  headEnd,
  headerOf,
  manifest,
  openUp,
  seal,
  sealText,
  stranger,
} from './support/fixtures.js';
import { KEY_SEED, METER, restore, type Signer } from './support/fixtures.js';

const ring = keyRing(manifest().downlinkKeys);
const open = (bytes: Buffer) => openEnvelope(bytes, ring);
const problem = (bytes: Buffer): string => {
  const opened = open(bytes);
  return opened.ok ? 'OPENED' : opened.problem;
};

describe('canonical JSON', () => {
  test('sorts keys by UTF-16 units and leaves out what is absent', () => {
    expect(canonicalJson({ b: 1, a: [true, 'x'], '€': '\u0001"\\', c: undefined, A: { z: 1, y: 2 } })).toBe(
      '{"A":{"y":2,"z":1},"a":[true,"x"],"b":1,"€":"\\u0001\\"\\\\"}',
    );
  });

  test('is what JSON.parse reads back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), (value) => {
        expect(JSON.parse(canonicalJson(value as ContractValue))).toEqual(value);
      }),
      { seed: 7 },
    );
  });
});

describe('keys', () => {
  test('follow the derivation written in fleet.schema.json', () => {
    // Computed once from RFC 5869 and RFC 8032 by a program in another language.
    expect(gatewayPassword(KEY_SEED, '900000000001')).toBe('qSFfuiK0yMFEczLUlAZ9Pm8kxUNE407b');
    expect(xOf(meterKey(KEY_SEED, METER))).toBe('qhxaJe7DucBMkTEcZAnUdGFpyHNQLvR2bAZ70aT9mMc');
  });

  test('a key named twice or malformed is refused in words', () => {
    const [first] = manifest().downlinkKeys;
    if (!first) throw new Error('no key');
    expect(() => keyRing([first, first])).toThrow(/twice/);
    expect(() => keyRing([{ ...first, x: 'A' }])).toThrow(/no Ed25519 public key/);
  });
});

describe('opening what came down', () => {
  test.each<[string, Signer[], string]>([
    ['nothing', [headEnd], 'none'],
    ['a guard', [headEnd, guard], 'guard'],
    ['a guard in front', [guard, headEnd], 'guard'],
    ['the head-end once more', [headEnd, headEnd], 'bad'],
    ["a stranger under the guard's name", [headEnd, { ...guard, key: stranger.key }], 'bad'],
    ["the head-end's key under the guard's name", [headEnd, { ...guard, key: headEnd.key }], 'bad'],
    ["the guard's key under the head-end's name", [headEnd, { ...headEnd, key: guard.key }], 'bad'],
    ['an unknown kid', [headEnd, { ...guard, kid: 'guard-2' }], 'bad'],
  ])('opens what a head-end signed, and tells what stands beside it: %s', (_, signers, second) => {
    const command = cut();
    expect(open(seal(command, ...signers))).toEqual({ ok: true, message: command, second });
  });

  test('what a meter seals, a strict reader opens', () => {
    const message = { b: 'x', a: 1 };
    expect(openUp(sealEnvelope(message, METER, meterKey(KEY_SEED, METER)), METER)).toEqual(message);
    expect(() => openUp(sealEnvelope(message, METER, meterKey(KEY_SEED, '100000000002')), METER)).toThrow(/signature/);
  });

  const text = canonical(cut());
  const badHeader = (header: object) =>
    sealText(text, [headEnd], () => Buffer.from(JSON.stringify(header)).toString('base64url'));
  const HEADER = /protected header/;
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /envelope/],
    ['no JSON', Buffer.from('cut!'), /envelope/],
    ['the bare command', Buffer.from(text), /envelope/],
    ['a compact JWS', Buffer.from(`${headerOf(headEnd)}.e30.AAAA`), /envelope/],
    ['no signature', Buffer.from(JSON.stringify({ payload: 'e30', signatures: [] })), /envelope/],
    ['an extra member', Buffer.from(seal(cut()).toString().replace('{"payload"', '{"x":1,"payload"')), /envelope/],
    ['too many bytes', Buffer.from(seal(cut()).toString() + ' '.repeat(65_536)), /at most 65536/],
    ['a guard alone', seal(cut(), guard), /beside a head-end/],
    ['two guards', seal(cut(), guard, guard), /beside a head-end/],
    ['a stranger under a known kid', seal(cut(), stranger), /not valid/],
    ['a guard beside a stranger', seal(cut(), stranger, guard), /not valid/],
    ['an unknown kid', seal(cut(), { ...headEnd, kid: 'head-end-2' }), HEADER],
    ['alg none', badHeader({ alg: 'none', kid: headEnd.kid }), HEADER],
    ['alg HS256', badHeader({ alg: 'HS256', kid: headEnd.kid }), HEADER],
    ['alg Ed25519', badHeader({ alg: 'Ed25519', kid: headEnd.kid }), HEADER],
    ['crit', badHeader({ alg: 'EdDSA', crit: ['b64'], kid: headEnd.kid }), HEADER],
    ['an embedded key', badHeader({ alg: 'EdDSA', jwk: { kty: 'OKP' }, kid: headEnd.kid }), HEADER],
    ['kid in full-width digits', badHeader({ alg: 'EdDSA', kid: 'head-end-\uff11' }), HEADER],
    [
      'a header with spaces',
      sealText(text, [headEnd], () => Buffer.from('{"alg": "EdDSA","kid":"head-end-1"}').toString('base64url')),
      HEADER,
    ],
    ['a space in the payload', sealText(text.replace(':', ': '), [headEnd]), /canonical/],
    ['keys out of order', sealText(JSON.stringify({ v: 1, kind: 'switch' }), [headEnd]), /canonical/],
    ['a member twice', sealText(text.replace('{', '{"account":"A-2",'), [headEnd]), /canonical/],
    ['an escaped letter', sealText(text.replace('"cut"', '"c\\u0075t"'), [headEnd]), /canonical/],
    ['a number as 1.0', sealText(text.replace('"v":1', '"v":1.0'), [headEnd]), /canonical/],
    ['a byte-order mark', sealText(`\ufeff${text}`, [headEnd]), /payload/],
    ['no object', sealText('"cut"', [headEnd]), /no JSON object/],
    ['a payload of null', sealText('null', [headEnd]), /no JSON object/],
  ])('refuses %s', (_, bytes, reason) => {
    expect(problem(bytes)).toMatch(reason);
  });

  test('refuses malformed UTF-8 that decodes to a legible text', () => {
    const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xf0, 0x9f, 0x98]), Buffer.from('"}')]).toString(
      'base64url',
    );
    const signature = sign(null, Buffer.from(`${headerOf(headEnd)}.${payload}`), headEnd.key).toString('base64url');
    const bytes = Buffer.from(JSON.stringify({ payload, signatures: [{ protected: headerOf(headEnd), signature }] }));
    expect(problem(bytes)).toMatch(/canonical/);
  });

  test('a signature has one spelling: its unused bits must be zero', () => {
    const envelope = JSON.parse(seal(cut(), headEnd).toString()) as { signatures: { signature: string }[] };
    const [only] = envelope.signatures;
    if (!only) throw new Error('no signature');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(only.signature.at(-1) as string);
    only.signature = only.signature.slice(0, -1) + (alphabet[last ^ 1] as string);
    expect(problem(Buffer.from(JSON.stringify(envelope)))).toMatch(/canonical base64url/);
  });

  test('no single flipped bit of an envelope is accepted with another content', () => {
    const command = cut();
    const whole = seal(command, headEnd, guard);
    let changed = 0;
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const opened = open(flipped);
      // A bit of the guard's part leaves the head-end's word readable, and the cut without its second signature.
      if (opened.ok && (opened.second !== 'bad' || canonical(opened.message as object) !== canonical(command)))
        changed += 1;
    }
    // Every bit of the bytes belongs to the payload, a header, a signature or the structure that names them.
    expect(changed).toBe(0);
  }, 30_000);

  test('a signature of one message does not open another', () => {
    const [a, b] = [seal(cut()), seal(restore())].map(
      (bytes) => JSON.parse(bytes.toString()) as Record<string, unknown>,
    );
    expect(problem(Buffer.from(JSON.stringify({ ...a, signatures: b?.signatures })))).toMatch(/not valid/);
  });

  test('rolled key: the old one no longer opens anything', () => {
    const rolled: Signer = { kid: 'head-end-2', key: stranger.key };
    const onlyNew = keyRing([{ kid: rolled.kid, role: 'head-end', x: xOf(rolled.key) }]);
    expect(openEnvelope(seal(cut(), rolled), onlyNew).ok).toBe(true);
    expect(openEnvelope(seal(cut(), headEnd), onlyNew).ok).toBe(false);
  });
});
