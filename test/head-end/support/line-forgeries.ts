import { createPublicKey, type KeyObject } from 'node:crypto';
import { encodeFrame } from '../../../src/head-end/codecs/dlt645/frame.js';
import type { KnownGateway, KnownMeter } from '../../../src/head-end/meter-directory.js';
import { checkMessage, readMessage, type KnownParties } from '../../../src/head-end/uplink-check.js';
import { decideReport, type ReportedCommand } from '../../../src/switching/report-policy.js';
import type { Uplink } from '../../../src/flows/take-uplink.js';
import { DEFAULT_SWITCH_TIMINGS } from '../../../src/switching/switch-timings.js';
import { Dice } from '../../support/wire-model.js';
import {
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
  toBytes,
} from './keys.js';

const OTHER_GATEWAY = '370100000002';
/** A meter of the other kind, behind the same concentrator. */
const SIGNING_METER = '370200000003';
const GATEWAY_KEY = privateKeyOf(11);
const OTHER_KEY = privateKeyOf(12);
const COMMAND = '01900000-0000-7000-8000-000000000001';
/** Of the cut that is under way; the relay as it stands shows what was before it. */
const SEQUENCE = 7;

const gatewayOf = (gatewayNumber: string, key: KeyObject): KnownGateway => ({
  gatewayId: `01900000-0000-7000-9000-${gatewayNumber}`,
  gatewayNumber,
  publicKey: Buffer.from(publicXOf(key), 'base64url'),
  key: createPublicKey(key),
});
const onLine = (serial: string): KnownMeter => ({ ...knownMeter(serial, METER_KEY), codec: 'DLT645' });

const PARTIES: KnownParties = {
  meters: new Map([
    [METER, onLine(METER)],
    [NEIGHBOUR, onLine(NEIGHBOUR)],
    [SIGNING_METER, knownMeter(SIGNING_METER, NEIGHBOUR_KEY)],
  ]),
  gateways: new Map([
    [GATEWAY, gatewayOf(GATEWAY, GATEWAY_KEY)],
    [OTHER_GATEWAY, gatewayOf(OTHER_GATEWAY, OTHER_KEY)],
  ]),
  timeZone: 'Asia/Shanghai',
};

const reply = (serial: string, fn: number, data: string): string =>
  encodeFrame({
    address: serial,
    control: { fn, reply: true, error: false, follows: false },
    data: Buffer.from(data, 'hex'),
  }).toString('hex');
/** Status word 3 with the relay open. */
const openStatus = (serial: string): string => reply(serial, 0x11, '030500045000');

/** Of the later text: not status word 3. */
const STATUS_BEHIND_9CH = '5000';

interface Answer {
  meter: string;
  frames: string[];
  lastSequence: number;
  [name: string]: unknown;
}
const answerOf = (serial: string, change: Partial<Answer> = {}): Answer => ({
  meter: serial,
  cause: 'switch',
  commandId: COMMAND,
  sequence: SEQUENCE,
  outcome: 'answered',
  frames: [reply(serial, 0x1c, ''), openStatus(serial)],
  lastSequence: SEQUENCE,
  at: '2026-03-10T02:00:00.700Z',
  ...change,
});
const bodyOf = (answers: readonly Answer[], gateway = GATEWAY): object => ({
  v: 1,
  kind: 'frames',
  gateway,
  gatewayTime: '2026-03-10T02:00:01.000Z',
  answers,
});

const topicOf = (gateway: string): string => `relight/v1/${gateway}/up/${gateway}/frames`;
const sealed = (body: object, key = GATEWAY_KEY, kid = GATEWAY): Buffer =>
  toBytes(sealParts(canonical(body), key, headerOf(kid)));

const command: ReportedCommand = {
  id: COMMAND,
  operation: 'CUT',
  state: 'SENT',
  sequence: BigInt(SEQUENCE),
  notAfter: new Date('2026-03-10T02:10:00.000Z'),
  attempts: 1,
  contradictions: 0,
  readRequestId: null,
};

/** What the head-end makes of bytes on a topic: everything but what goes into quarantine. */
const believed = (topic: string, bytes: Buffer): Uplink[] =>
  checkMessage(readMessage(topic, bytes), PARTIES).filter(({ kind }) => kind !== 'REJECT');

/** Whether they prove the cut that is under way at this meter. */
const proves = (uplinks: readonly Uplink[], serial: string): boolean =>
  uplinks.some((uplink) => {
    if (uplink.kind !== 'REPORT' || uplink.report.meterId !== knownMeter(serial, METER_KEY).meterId) return false;
    const decision = decideReport(command, uplink.report, new Date('2026-03-10T02:00:02.000Z'), DEFAULT_SWITCH_TIMINGS);
    return decision.act === 'move' && decision.to === 'VERIFIED';
  });

interface Forgery {
  readonly topic?: string;
  readonly bytes: Buffer;
  /** Believed as what it is, and proof of nothing. */
  readonly truth?: true;
}
type Forger = (dice: Dice) => Forgery;

function flip(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes);
  const bit = dice.below(copy.length * 8);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
const flipped64 = (text: string, dice: Dice): string =>
  flip(Buffer.from(text, 'base64url'), dice).toString('base64url');

interface Parts {
  payload: string;
  signatures: { protected: string; signature: string }[];
}
const genuine = (): Parts => JSON.parse(sealed(bodyOf([answerOf(METER)])).toString()) as Parts;
const bytesOf = (parts: Parts): Buffer => Buffer.from(JSON.stringify(parts));

const FORGERS: Readonly<Record<string, Forger>> = {
  'forged: by another': (dice) => ({
    bytes: sealed(
      bodyOf([answerOf(METER)]),
      dice.pick([OTHER_KEY, METER_KEY, NEIGHBOUR_KEY, privateKeyOf(100 + dice.below(50))]),
      dice.pick([GATEWAY, OTHER_GATEWAY, METER, '']),
    ),
  }),
  'forged: another concentrator, truly signed, about these meters': (dice) => ({
    topic: topicOf(OTHER_GATEWAY),
    bytes: sealed(bodyOf([answerOf(dice.pick([METER, NEIGHBOUR]))], OTHER_GATEWAY), OTHER_KEY, OTHER_GATEWAY),
  }),
  'forged: on the topic of another': (dice) => ({
    topic: dice.pick([topicOf(OTHER_GATEWAY), `relight/v1/${GATEWAY}/up/${METER}/frames`]),
    bytes: sealed(bodyOf([answerOf(METER)])),
  }),
  'forged: for a meter that signs for itself': () => ({ bytes: sealed(bodyOf([answerOf(SIGNING_METER)])) }),
  'forged: for a meter that nobody knows': (dice) => ({
    bytes: sealed(bodyOf([answerOf(String(370_299_000_000 + dice.below(1_000_000)))])),
  }),
  'bit-flipped: the message': (dice) => ({ bytes: flip(sealed(bodyOf([answerOf(METER)])), dice) }),
  'bit-flipped: the payload under its signature': (dice) => {
    const parts = genuine();
    return { bytes: bytesOf({ ...parts, payload: flipped64(parts.payload, dice) }) };
  },
  'bit-flipped: the signature': (dice) => {
    const parts = genuine();
    parts.signatures[0]!.signature = flipped64(parts.signatures[0]!.signature, dice);
    return { bytes: bytesOf(parts) };
  },
  'bit-flipped: the frame on its line': (dice) => {
    const frame = flip(Buffer.from(openStatus(METER), 'hex'), dice).toString('hex');
    return { bytes: sealed(bodyOf([answerOf(METER, { frames: [frame] })])) };
  },
  "cross-meter: a neighbour's frame as this meter's answer": () => ({
    bytes: sealed(bodyOf([answerOf(METER, { frames: [openStatus(NEIGHBOUR)] })])),
  }),
  'cross-meter: answers exchanged in one message': () => ({
    bytes: sealed(
      bodyOf([
        answerOf(METER, { frames: [openStatus(NEIGHBOUR)] }),
        answerOf(NEIGHBOUR, { frames: [openStatus(METER)], commandId: '01900000-0000-7000-8000-000000000002' }),
      ]),
    ),
  }),
  "cross-meter: a neighbour's true answer, under this meter's command": () => ({
    bytes: sealed(bodyOf([answerOf(NEIGHBOUR)])),
    truth: true,
  }),
  'cut off, doubled, or a question instead of an answer': (dice) => {
    const frame = openStatus(METER);
    const question = encodeFrame({
      address: METER,
      control: { fn: 0x11, reply: false, error: false, follows: false },
      data: Buffer.from('03050004', 'hex'),
    }).toString('hex');
    const frames = [dice.pick([frame.slice(0, 2 + 2 * dice.below(16)), frame + frame, question])];
    return { bytes: sealed(bodyOf([answerOf(METER, { frames })])) };
  },
  'replayed: read before the command was acted on': (dice) => ({
    bytes: sealed(bodyOf([answerOf(METER, { lastSequence: dice.below(SEQUENCE) })])),
    truth: true,
  }),
  'accepted, and nothing read': () => ({
    bytes: sealed(bodyOf([answerOf(METER, { frames: [reply(METER, 0x1c, STATUS_BEHIND_9CH)] })])),
    truth: true,
  }),
};

/** How many were tried, and those that were believed or proved the command. */
export interface LineForgeries {
  readonly total: number;
  readonly accepted: readonly string[];
  readonly genuineProves: boolean;
}

/** Tries `count` forged or replayed messages of a concentrator, each kind as often as the others. */
export function tryLineForgeries(count: number, seed: number): LineForgeries {
  const dice = new Dice(seed);
  const forgers = Object.entries(FORGERS);
  const accepted: string[] = [];
  for (let round = 0; round < count; round += 1) {
    const [what, forge] = forgers[round % forgers.length]!;
    const { topic = topicOf(GATEWAY), bytes, truth } = forge(dice);
    const uplinks = believed(topic, bytes);
    if ((truth ? [] : uplinks).length > 0 || proves(uplinks, METER)) accepted.push(`${round}: ${what}: ${bytes}`);
  }
  const truth = believed(topicOf(GATEWAY), sealed(bodyOf([answerOf(METER)])));
  return { total: count, accepted, genuineProves: proves(truth, METER) };
}
