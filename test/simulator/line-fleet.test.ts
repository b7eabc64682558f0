import { createHmac, hkdfSync } from 'node:crypto';
import { startFleet, type RunningFleet } from '../../simulator/fleet.js';
import { restoreCode, restoreCodeKey } from '../../simulator/wire/secrets.js';
import { TestBroker, TestHeadEnd, until } from './support/broker.js';
import { clock, GATEWAY, installationOf, KEY_SEED, seal } from './support/fixtures.js';
import {
  answersOf,
  cutOf,
  lineManifest,
  ordersOf,
  readOf,
  restoreOf,
  serialOf,
  words,
  type Heard,
} from './support/line.js';

let broker: TestBroker;
let headEnd: TestHeadEnd;
let fleet: RunningFleet;

beforeEach(async () => {
  broker = await new TestBroker().start();
  headEnd = await TestHeadEnd.connect(broker.url);
  await headEnd.setClock(GATEWAY, seal(clock()));
});
afterEach(async () => {
  await fleet.stop();
  const { problems } = headEnd;
  await headEnd.close();
  await broker.kill();
  // Every message fits its schema, its topic and its signature.
  expect(problems).toEqual([]);
});

async function start(meters: number, options: { bootState?: boolean; relay?: 'open' } = {}): Promise<void> {
  const { bootState = false, relay = 'closed' } = options;
  const manifest = lineManifest(meters, 0, { relay });
  fleet = await startFleet({ fleet: manifest, brokerUrl: broker.url, spreadMs: 0, relayMs: 0, bootState });
  await fleet.ready;
}

const heard = (fits: (answer: Heard) => boolean = () => true): Heard[] => answersOf(headEnd.said).filter(fits);

test('boot states, a cut by two, a mass restore in groups, reads: all over a broker', async () => {
  await start(200, { bootState: true });
  await until('boot states', () => heard(({ cause }) => cause === 'boot').length === 200);

  const cut = cutOf(1, 1);
  await headEnd.send(GATEWAY, cut.meter, seal(cut));
  await until(
    'the proof of the cut',
    () => heard(({ meter, cause }) => meter === cut.meter && cause === 'poll').length > 0,
  );
  expect(fleet.meter(cut.meter)).toMatchObject({ relay: 'open', codec: 'dlt645', homeLit: false, lastSequence: 1 });

  const orders = Array.from({ length: 200 }, (_, index) => restoreOf(index + 1, 2));
  for (let from = 0; from < 200; from += 64) {
    await headEnd.send(GATEWAY, GATEWAY, seal(ordersOf(orders.slice(from, from + 64))));
  }
  await until(
    '200 proofs',
    () => heard(({ cause, lastSequence }) => cause === 'poll' && lastSequence === 2).length === 200,
  );
  expect(heard(({ cause, sequence }) => cause === 'switch' && sequence === 2)).toHaveLength(200);
  expect(fleet.summary()).toMatchObject({ closed: 200, accepted: 201 });
  expect(fleet.summary().sent.frames).toBeLessThan(60);
});

test('offline and back: what was asked meanwhile waits at the broker, what was answered waits in the concentrator', async () => {
  await start(2);
  const order = readOf(1, ['00010000']);
  await headEnd.send(GATEWAY, order.meter, seal(order));
  fleet.addFault({ name: 'offline', target: { gateway: GATEWAY }, forMs: 300 });
  await until('offline', () => headEnd.presence.get(GATEWAY)?.online === false);
  expect(headEnd.presence.get(GATEWAY)?.cause).toBeUndefined();
  const later = readOf(2, ['00010000']);
  await headEnd.send(GATEWAY, later.meter, seal(later));
  await until('both answers', () => heard(({ cause }) => cause === 'read').length >= 2);
  expect(words(heard(({ cause }) => cause === 'read')).slice(0, 2)).toEqual(['read:answered', 'read:answered']);
});

test('a district loses its supply: the concentrator says so with its last gasp, and is back with its meters', async () => {
  await start(2);
  const fault = fleet.addFault({ name: 'districtOutage', target: { gateway: GATEWAY } });
  await until('the last gasp', () => headEnd.presence.get(GATEWAY)?.cause === 'last-gasp');
  expect(headEnd.presence.get(GATEWAY)?.online).toBe(false);
  await until('gone', () => fleet.summary().gatewaysOnline === 0);
  // The will, published when the connection breaks, has no cause; the retained word may be either by now.
  fleet.removeFault(fault.id);
  await until('back', () => headEnd.presence.get(GATEWAY)?.online === true);
  await until('boot states', () => heard(({ cause }) => cause === 'boot' || cause === 'periodic').length >= 2);
});

test('a restore code typed into a running fleet', async () => {
  await start(1, { relay: 'open' });
  const serial = serialOf(1);
  expect(fleet.enterCode(serial, '0000000000000000')).toBe('refused');
  const code = restoreCode(restoreCodeKey(KEY_SEED, serial), serial, installationOf(1), 1);
  // The same by the contract's words, with nothing of the simulator's.
  const key = Buffer.from(hkdfSync('sha256', KEY_SEED, 'relight-meter-secrets-v1', `restore-code:${serial}`, 32));
  const mac = createHmac('sha256', key)
    .update(`relight restore ${serial} ${installationOf(1)} 1`)
    .digest();
  expect(code).toBe(String(mac.readBigUInt64BE(0) % 10n ** 16n).padStart(16, '0'));
  expect(fleet.enterCode(serial, code)).toBe('closing');
  expect(fleet.meter(serial)).toMatchObject({ relay: 'closed', lastSequence: 1 });
  await until('events and the proof', () => heard(({ cause }) => cause === 'poll').length === 1);
  const events = headEnd.heard(({ kind }) => kind === 'event').map(({ message }) => message.event);
  expect(events).toEqual(['CODE_REFUSED', 'CODE_ACCEPTED']);
});
