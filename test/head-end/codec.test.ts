import { generalVerify, importJWK, type GeneralJWSInput } from 'jose';
import { decodeUplink } from '../../src/head-end/codecs/json.js';
import { encodeClock, encodeRead, encodeSwitch } from '../../src/head-end/codecs/orders.js';
import { signPayload } from '../../src/platform/signing-key.js';
import { signEnvelope, signerOf, verifyEnvelope, type Envelope } from '../../src/head-end/signing.js';
import { parseUplinkTopic, type UplinkTopic } from '../../src/head-end/topics.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import { openEnvelope } from '../../simulator/wire/envelope.js';
import { keyRing } from '../../simulator/wire/keys.js';
import { isReadRequest, isSwitchCommand } from '../../simulator/wire/schemas.js';
import {
  ackBody,
  GATEWAY,
  HEAD_END_KEY,
  knownMeter,
  METER,
  METER_KEY,
  privateKeyOf,
  publicXOf,
  sealed,
  stateBody,
} from './support/keys.js';

const CUT: SwitchOrder = {
  commandId: '01900000-0000-7000-8000-000000000001',
  gatewayNumber: GATEWAY,
  serial: METER,
  codec: 'JSON',
  installationId: '01900000-0000-7000-8000-000000000002',
  accountNumber: '3700000001',
  servicePointNumber: '3800000001',
  operation: 'CUT',
  mode: 'DIRECT',
  reason: 'ARREARS',
  sequence: 7n,
  issuedAt: new Date('2026-03-10T02:00:00.000Z'),
  notAfter: new Date('2026-03-10T02:10:00.000Z'),
};

const CUT_TEXT =
  '{"account":"3700000001","commandId":"01900000-0000-7000-8000-000000000001","expectedRelay":"closed","gateway":"370100000001",' +
  '"installation":"01900000-0000-7000-8000-000000000002","issuedAt":"2026-03-10T02:00:00.000Z","kind":"switch","meter":"370200000001",' +
  '"mode":"direct","notAfter":"2026-03-10T02:10:00.000Z","operation":"cut","reason":"ARREARS","sequence":7,"servicePoint":"3800000001","v":1}';

/** {@link CUT_TEXT} in base64url, under {"alg":"EdDSA","kid":"head-end-test"}, signed by the key whose seed is 32 times 01. */
const CUT_ENVELOPE =
  '{"payload":"eyJhY2NvdW50IjoiMzcwMDAwMDAwMSIsImNvbW1hbmRJZCI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImV4cGVjdGVkUmVsYXki' +
  'OiJjbG9zZWQiLCJnYXRld2F5IjoiMzcwMTAwMDAwMDAxIiwiaW5zdGFsbGF0aW9uIjoiMDE5MDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAyIiwiaXNzdWVkQXQi' +
  'OiIyMDI2LTAzLTEwVDAyOjAwOjAwLjAwMFoiLCJraW5kIjoic3dpdGNoIiwibWV0ZXIiOiIzNzAyMDAwMDAwMDEiLCJtb2RlIjoiZGlyZWN0Iiwibm90QWZ0ZXIiOiIyMDI2' +
  'LTAzLTEwVDAyOjEwOjAwLjAwMFoiLCJvcGVyYXRpb24iOiJjdXQiLCJyZWFzb24iOiJBUlJFQVJTIiwic2VxdWVuY2UiOjcsInNlcnZpY2VQb2ludCI6IjM4MDAwMDAwMDEi' +
  'LCJ2IjoxfQ","signatures":[{"protected":"eyJhbGciOiJFZERTQSIsImtpZCI6ImhlYWQtZW5kLXRlc3QifQ","signature":' +
  '"rOziyKbMIrkbKeuxoavNBMUxpbLLdmIeqCie2M2d84CkA-W1cjAMdS8rknAUlNT8-3Z-_gXoIm4kkx3Eu1HKAA"}]}';

/** An ack of the meter whose key has the seed 32 times 02. */
const ACK_ENVELOPE =
  '{"payload":"eyJhcm1lZCI6ZmFsc2UsImNvbW1hbmRJZCI6IjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImVuZXJneVdoIjoxMjM0NTY3LCJnYXRl' +
  'd2F5IjoiMzcwMTAwMDAwMDAxIiwia2luZCI6ImFjayIsImxhc3RTZXF1ZW5jZSI6NywibG9hZFZvbHRhZ2VNdiI6MCwibWV0ZXIiOiIzNzAyMDAwMDAwMDEiLCJtZXRlclRp' +
  'bWUiOiIyMDI2LTAzLTEwVDAyOjAwOjAxLjI1MFoiLCJwb3dlclciOjAsInByb3RlY3RlZCI6ZmFsc2UsInJlbGF5Ijoib3BlbiIsInJlc3VsdCI6ImFjY2VwdGVkIiwic2Vx' +
  'dWVuY2UiOjcsInN1cHBseVZvbHRhZ2VNdiI6MjIwNTAwLCJ2IjoxfQ","signatures":[{"protected":"eyJhbGciOiJFZERTQSIsImtpZCI6IjM3MDIwMDAwMDAwMSJ9",' +
  '"signature":"v0YYlaMEyhcs1uPbEeRjn5DY3HpPS7lmFHLrUVtLWxQS2Ou-_juOyrItmFgFcCaH79rwyz-jbr-aSbs2M3HiBw"}]}';

const up = (kind: 'ack' | 'state' | 'reading' | 'event'): UplinkTopic => ({ kind, gateway: GATEWAY, meter: METER });

describe('what goes down, byte for byte', () => {
  test('a cut', () => expect(encodeSwitch(CUT)).toBe(CUT_TEXT));

  test('a restore that arms is bound to no believed relay state', () => {
    expect(encodeSwitch({ ...CUT, operation: 'RESTORE', mode: 'ARM', sequence: 8n })).toBe(
      CUT_TEXT.replace('"closed"', '"any"')
        .replace('"direct"', '"arm"')
        .replace('"cut"', '"restore"')
        .replace(':7,', ':8,'),
    );
  });

  test('a question and the clock', () => {
    const read = {
      requestId: '01900000-0000-7000-8000-000000000003',
      gatewayNumber: GATEWAY,
      serial: METER,
      codec: 'JSON',
    } as const;
    expect(encodeRead(read, CUT.issuedAt, CUT.notAfter)).toBe(
      '{"gateway":"370100000001","issuedAt":"2026-03-10T02:00:00.000Z","kind":"read","meter":"370200000001","notAfter":"2026-03-10T02:10:00.000Z",' +
        '"requestId":"01900000-0000-7000-8000-000000000003","v":1,"what":["state"]}',
    );
    const clock = {
      mode: 'SIMULATED',
      version: 3n,
      virtualAt: CUT.issuedAt,
      wallAt: CUT.notAfter,
      scaleMillis: 60_000,
    } as const;
    expect(encodeClock(clock, GATEWAY)).toBe(
      '{"gateway":"370100000001","kind":"clock","realAt":"2026-03-10T02:10:00.000Z","scaleMillis":60000,"v":1,"version":3,"virtualAt":"2026-03-10T02:00:00.000Z"}',
    );
  });

  test('a signed envelope', () => expect(JSON.stringify(signEnvelope(CUT_TEXT, HEAD_END_KEY))).toBe(CUT_ENVELOPE));

  test('which jose, knowing only RFC 7515, accepts', async () => {
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: HEAD_END_KEY.x }, 'EdDSA');
    const { payload, protectedHeader } = await generalVerify(JSON.parse(CUT_ENVELOPE) as GeneralJWSInput, key);
    expect(Buffer.from(payload).toString()).toBe(CUT_TEXT);
    expect(protectedHeader).toEqual({ alg: 'EdDSA', kid: 'head-end-test' });
  });

  test('and which the meter, with a decoder of its own, understands', () => {
    const ring = keyRing([{ kid: HEAD_END_KEY.kid, role: 'head-end', x: HEAD_END_KEY.x }]);
    const cut = openEnvelope(Buffer.from(CUT_ENVELOPE), ring);
    expect(cut).toMatchObject({ ok: true, second: 'none', message: { operation: 'cut', meter: METER, sequence: 7 } });
    expect(cut.ok && isSwitchCommand(cut.message)).toBe(true);
    const read = encodeRead(
      { requestId: CUT.commandId, gatewayNumber: GATEWAY, serial: METER, codec: 'JSON' },
      CUT.issuedAt,
      CUT.notAfter,
    );
    const question = openEnvelope(Buffer.from(JSON.stringify(signEnvelope(read, HEAD_END_KEY))), ring);
    expect(question.ok && isReadRequest(question.message)).toBe(true);
  });

  test("with the guard's signature beside it the meter sees both", () => {
    const guard = { kid: 'guard-test', x: publicXOf(privateKeyOf(9)), privateKey: privateKeyOf(9) };
    const ring = keyRing([
      { kid: HEAD_END_KEY.kid, role: 'head-end', x: HEAD_END_KEY.x },
      { kid: guard.kid, role: 'guard', x: guard.x },
    ]);
    const second = signPayload(Buffer.from(CUT_TEXT).toString('base64url'), guard);
    const both = openEnvelope(Buffer.from(JSON.stringify(signEnvelope(CUT_TEXT, HEAD_END_KEY, second))), ring);
    expect(both).toMatchObject({ ok: true, second: 'guard', message: { operation: 'cut', sequence: 7 } });
  });

  test('a number the contract has no place for is refused, not rounded', () => {
    expect(() => encodeSwitch({ ...CUT, sequence: 2n ** 53n })).toThrow(RangeError);
  });
});

describe('what comes up, from literal bytes', () => {
  test('an ack', () => {
    const decoded = decodeUplink(up('ack'), Buffer.from(ACK_ENVELOPE));
    expect(decoded).toMatchObject({
      ok: true,
      body: { ...ackBody(), energyWh: 1_234_567, supplyVoltageMv: 220_500, loadVoltageMv: 0, powerW: 0 },
    });
    const { envelope } = decoded as { envelope: Envelope };
    expect(signerOf(envelope)).toBe(METER);
    expect(verifyEnvelope(envelope, knownMeter(METER, METER_KEY).key)).toBe(true);
  });

  test('the simulator writes the very bytes that the contract prescribes', () => {
    const body = { ...ackBody(), energyWh: 1_234_567, supplyVoltageMv: 220_500, loadVoltageMv: 0, powerW: 0 };
    expect(sealed(body, METER_KEY, METER).toString()).toBe(ACK_ENVELOPE);
  });

  test('readings, an event and presence', () => {
    const reading = `{"v":1,"kind":"reading","gateway":"${GATEWAY}","meter":"${METER}","cause":"freeze","readings":[{"at":"2026-03-09T16:00:00.000Z","energyWh":1234567,"quality":"actual"}]}`;
    expect(decodeUplink(up('reading'), Buffer.from(reading))).toMatchObject({
      ok: true,
      body: { readings: [{ energyWh: 1_234_567 }] },
    });
    const event = `{"v":1,"kind":"event","gateway":"${GATEWAY}","meter":"${METER}","event":"LAST_GASP","at":"2026-03-09T16:00:00.000Z"}`;
    expect(decodeUplink(up('event'), Buffer.from(event))).toMatchObject({ ok: true, body: { event: 'LAST_GASP' } });
    const status = `{"v":1,"kind":"status","gateway":"${GATEWAY}","online":false}`;
    expect(decodeUplink({ kind: 'status', gateway: GATEWAY }, Buffer.from(status))).toMatchObject({
      ok: true,
      body: { online: false },
    });
  });

  const state = (fields: object) => sealed(stateBody(fields), METER_KEY, METER);
  test.each<[string, string, Buffer]>([
    ['nothing', 'NOT_JSON', Buffer.alloc(0)],
    ['half an envelope', 'NOT_JSON', Buffer.from(ACK_ENVELOPE.slice(0, 200))],
    ['a number', 'NOT_JSON', Buffer.from('17')],
    ['null', 'NOT_JSON', Buffer.from('null')],
    ['an array', 'SCHEMA', Buffer.from('[]')],
    ['bytes that are not UTF-8', 'NOT_JSON', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a NUL before the JSON', 'NOT_JSON', Buffer.from(`\0${ACK_ENVELOPE}`)],
    ['two objects', 'NOT_JSON', Buffer.from(`${ACK_ENVELOPE}${ACK_ENVELOPE}`)],
    [
      'an envelope with one member more',
      'SCHEMA',
      Buffer.from(ACK_ENVELOPE.replace('{"payload"', '{"header":{},"payload"')),
    ],
    ['a signature that is too short', 'SCHEMA', Buffer.from(ACK_ENVELOPE.replace('"v0YY', '"0YY'))],
    ['no signature at all', 'SCHEMA', Buffer.from(ACK_ENVELOPE.replace(/"signatures":.*/, '"signatures":[]}'))],
    ['three signatures', 'SCHEMA', Buffer.from(ACK_ENVELOPE.replace(/\[(.*)\]/, '[$1,$1,$1]'))],
    ['a payload that is no JSON', 'NOT_JSON', Buffer.from(ACK_ENVELOPE.replace('"eyJ', '"AAA'))],
    ['one byte too many', 'TOO_LARGE', Buffer.from(ACK_ENVELOPE.padEnd(65_537))],
    ['an ack in the place of a state', 'SCHEMA', sealed(ackBody(), METER_KEY, METER)],
    ['another version', 'SCHEMA', state({ v: 2 })],
    ['one member more', 'SCHEMA', state({ __proto__x: 1 })],
    ['a relay of no known state', 'SCHEMA', state({ relay: 'OPEN' })],
    ['a sequence that is no safe integer', 'SCHEMA', state({ lastSequence: 2 ** 53 })],
    ['a negative sequence', 'SCHEMA', state({ lastSequence: -1 })],
    ['a sequence in quotes', 'SCHEMA', state({ lastSequence: '8' })],
    ['a time without milliseconds', 'SCHEMA', state({ meterTime: '2026-03-10T02:00:02Z' })],
    ['digits of another script', 'SCHEMA', state({ meter: '３７０２００００００１' })],
    ['a meter number with a NUL', 'SCHEMA', state({ meter: `${METER}\0` })],
    ['the thirtieth of February', 'IMPOSSIBLE_DATE', state({ meterTime: '2026-02-30T02:00:02.000Z' })],
    ['the twenty-fifth hour', 'IMPOSSIBLE_DATE', state({ meterTime: '2026-03-10T25:00:02.000Z' })],
    ['another meter than the topic says', 'TOPIC_MISMATCH', state({ meter: '370200000002' })],
    ['another gateway than the topic says', 'TOPIC_MISMATCH', state({ gateway: '370100000002' })],
  ])('%s is %s', (_what, code, bytes) => {
    expect(decodeUplink(up('state'), bytes)).toMatchObject({ ok: false, code, message: expect.any(String) as string });
  });
});

describe('topics', () => {
  test.each([
    ['relight/v1/370100000001/up/370200000001/ack', { kind: 'ack', gateway: GATEWAY, meter: METER }],
    ['relight/v1/370100000001/status', { kind: 'status', gateway: GATEWAY }],
    ['relight/v1/370100000001/up/370200000001/ack/', undefined],
    ['relight/v1/370100000001/up/370200000001/ACK', undefined],
    ['relight/v1/370100000001/up/37020000000/ack', undefined],
    ['relight/v2/370100000001/up/370200000001/ack', undefined],
    ['relight/v1/370100000001/down/370200000001', undefined],
    ['/relight/v1/370100000001/status', undefined],
    ['relight/v1/370100000001/status\n', undefined],
    ['relight/v1/٣٧٠١٠٠٠٠٠٠٠١/status', undefined],
  ])('%j', (topic, parsed) => expect(parseUplinkTopic(topic)).toEqual(parsed));
});
