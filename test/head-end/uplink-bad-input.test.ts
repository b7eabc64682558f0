import { startHeadEnd } from '../../src/head-end/head-end.js';
import { describeOnBrokers } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { Attacker } from './support/attacker.js';
import { canonical, headerOf, sealed, sealParts, toBytes } from './support/keys.js';
import { startOpenBroker } from './support/open-broker.js';

describeOnBrokers('what a gateway must not be able to do', (broker) => {
  let a: Attacker;
  beforeAll(async () => {
    a = await Attacker.open(broker);
  });
  afterAll(() => a.stop());

  type Bad = [what: string, code: string, make: () => { to: string; bytes: Buffer | string }];
  /** A signed message of the meter, on its own topic. */
  const own = (kind: 'ack' | 'state', body: object) => ({
    to: a.topic(kind),
    bytes: sealed(body, a.key(a.meter), a.meter.serial),
  });
  const unreadable: Bad[] = [
    ['malformed JSON', 'NOT_JSON', () => ({ to: a.topic('ack'), bytes: '{"payload":' })],
    ['an empty message', 'NOT_JSON', () => ({ to: a.topic('state'), bytes: '' })],
    ['a truncated ack', 'NOT_JSON', () => ({ to: a.topic('ack'), bytes: own('ack', a.ack()).bytes.subarray(0, 150) })],
    [
      'bytes that are not UTF-8',
      'NOT_JSON',
      () => ({ to: a.topic('event'), bytes: Buffer.from([0x7b, 0xc3, 0x28, 0x7d]) }),
    ],
    ['sixty thousand brackets', 'NOT_JSON', () => ({ to: a.topic('event'), bytes: '['.repeat(60_000) })],
    ['no signatures', 'SCHEMA', () => ({ to: a.topic('ack'), bytes: '{"payload":"e30","signatures":[]}' })],
    ['a relay that is ajar', 'SCHEMA', () => own('state', a.state({ relay: 'ajar' }))],
    ['an ack as a state', 'SCHEMA', () => own('state', a.ack())],
    [
      'half a surrogate pair',
      'SCHEMA',
      () => ({ to: a.topic('event'), bytes: a.event('2026-01-01T00:00:00.000Z').replace(a.meter.serial, '\\ud800') }),
    ],
    ['an impossible date', 'IMPOSSIBLE_DATE', () => own('state', a.state({ meterTime: '2026-02-30T00:00:00.000Z' }))],
    [
      'a NUL in a text',
      'PROCESSING_FAILED',
      () => ({ to: a.topic('event'), bytes: a.event('2026-01-01T00:00:00.000Z', 'a\u0000b') }),
    ],
    [
      'a reading before there was a meter',
      'NO_INSTALLATION',
      () => ({ to: a.topic('reading'), bytes: readingOf1970() }),
    ],
  ];
  const readingOf1970 = (): string => {
    const { gateway, serial } = a.meter;
    const readings = [{ at: '1970-01-01T00:00:00.000Z', energyWh: 1, quality: 'actual' }];
    return JSON.stringify({ v: 1, kind: 'reading', gateway, meter: serial, cause: 'freeze', readings });
  };
  const forged: Bad[] = [
    ['a forged signature', 'BAD_SIGNATURE', () => ({ to: a.topic('state'), bytes: withoutSignature(a.state()) })],
    [
      'an ack signed with another meter’s key',
      'BAD_SIGNATURE',
      () => ({ to: a.topic('ack'), bytes: sealed(a.ack(), a.key(a.neighbour), a.meter.serial) }),
    ],
    [
      'an ack signed as another meter',
      'WRONG_SIGNER',
      () => ({ to: a.topic('ack'), bytes: sealed(a.ack(), a.key(a.neighbour), a.neighbour.serial) }),
    ],
    ['alg none', 'WRONG_SIGNER', () => ({ to: a.topic('ack'), bytes: algNone(a.ack()) })],
    [
      'another meter’s ack on this meter’s topic',
      'TOPIC_MISMATCH',
      () => ({
        to: a.topic('ack'),
        bytes: sealed(a.ack({ meter: a.neighbour.serial }), a.key(a.neighbour), a.neighbour.serial),
      }),
    ],
    [
      'an unknown meter',
      'UNKNOWN_METER',
      () => ({
        to: a.topic('state', { serial: '999999999999' }),
        bytes: sealed(a.state({ meter: '999999999999' }), a.key(a.meter), a.meter.serial),
      }),
    ],
  ];
  const withoutSignature = (body: object): Buffer =>
    toBytes({
      ...sealParts(canonical(body), a.key(a.meter), headerOf(a.meter.serial)),
      signature: Buffer.alloc(64, 7),
    });
  const algNone = (body: object): Buffer =>
    toBytes(sealParts(canonical(body), a.key(a.meter), `{"alg":"none","kid":"${a.meter.serial}"}`));

  test.each([...unreadable, ...forged])(
    '%s ends in quarantine as %s and changes nothing',
    async (_what, code, make) => {
      const { to, bytes } = make();
      const [before, already] = [await a.facts(), (await a.quarantined()).length];
      await a.send(to, bytes);
      const news = (await a.quarantined()).slice(already);
      expect(news.map((row) => [row.code, row.topic, row.payload.toString('hex')])).toEqual([
        [code, to, Buffer.from(bytes).toString('hex')],
      ]);
      expect(await a.facts()).toEqual(before);
      expect(a.relight.headEnd.connected).toBe(true);
    },
  );

  /** A meter of the other district. */
  const elsewhere = async () =>
    (
      await a.relight.sql<{ gateway: string; serial: string }>(
        `SELECT g.gateway_number AS gateway, m.serial FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE g.gateway_number <> $1 LIMIT 1`,
        [a.meter.gateway],
      )
    )[0]!;

  test('a meter behind another gateway is not spoken for, even with its own key', async () => {
    const far = await elsewhere();
    const before = await a.facts();
    await a.send(a.topic('state', far), sealed(a.state({ meter: far.serial, relay: 'open' }), a.key(far), far.serial));
    expect((await a.quarantined()).at(-1)!.code).toBe('FOREIGN_GATEWAY');
    expect(await a.facts()).toEqual(before);
  });

  // The newest word would only confirm itself; everything older must not count, and late evidence is on record already.
  test('genuine acks and states, replayed, change nothing', async () => {
    expect(a.genuine.length).toBeGreaterThanOrEqual(6);
    const before = await a.facts();
    for (let round = 0; round < 3; round += 1) for (const { topic, payload } of a.genuine) await a.send(topic, payload);
    expect(await a.facts()).toEqual(before);
  });

  test('the broker lets nothing out of one’s own gateway, nor downwards, nor of other kinds', async () => {
    const [before, already] = [await a.facts(), (await a.quarantined()).length];
    const far = await elsewhere();
    const { gateway, serial } = a.meter;
    await a.send(
      `relight/v1/${far.gateway}/up/${far.serial}/event`,
      a.event('2026-01-01T00:00:00.000Z').replace(gateway, far.gateway),
    );
    await a.send(
      `relight/v1/${far.gateway}/status`,
      canonical({ v: 1, kind: 'status', gateway: far.gateway, online: true }),
    );
    await a.send(`relight/v1/${gateway}/down/${serial}`, '{}');
    await a.send(`relight/v1/${gateway}/up/${serial}/nonsense`, '{}');
    expect((await a.quarantined()).length).toBe(already);
    expect(await a.facts()).toEqual(before);
  });

  test('an oversized message ends the sender’s connection at the broker, and the head-end never hears it', async () => {
    const already = (await a.quarantined()).length;
    await a.sendAndBeCutOff(a.topic('event'), Buffer.alloc(70_000, 'x'));
    await a.send(a.topic('event'), a.event('2026-01-02T00:00:00.000Z'));
    expect((await a.quarantined()).length).toBe(already);
  });

  test('readings that nobody can take fill no disk: a row a message, and whole only within the share of the hour', async () => {
    const already = (await a.quarantined()).length;
    const { gateway, serial } = a.meter;
    const messages = Array.from({ length: 230 }, (_, second) => {
      const readings = Array.from({ length: 100 }, (_, milli) => ({
        at: new Date(second * 1_000 + milli).toISOString(),
        energyWh: 1,
        quality: 'actual',
      }));
      return canonical({ v: 1, kind: 'reading', gateway, meter: serial, cause: 'periodic', readings });
    });
    await a.sendMany(a.topic('reading'), messages);
    const kept = (await a.quarantined()).slice(already);
    expect(new Set(kept.map(({ code }) => code))).toEqual(new Set(['NO_INSTALLATION']));
    expect(kept).toHaveLength(messages.length);
    expect(kept.filter(({ payload }) => payload.length <= 256).length).toBeGreaterThanOrEqual(30);
  });

  test('behind a broker that lets everything through, too large and misplaced messages are named', async () => {
    // One head-end at a time takes what comes up, whatever broker it is at.
    await a.relight.headEnd.stop();
    const open = await startOpenBroker(broker);
    const access = { url: open.url, username: 'any', password: 'any', clientId: 'open' };
    const headEnd = startHeadEnd(a.relight.ctx, access, a.relight.key);
    try {
      await eventually('the head-end is connected', () => headEnd.connected);
      const already = (await a.quarantined()).length;
      await open.publish(a.topic('event'), Buffer.alloc(70_000, 'x'));
      await open.publish(a.topic('nonsense'), '{}');
      // Mosquitto ends the connection of whoever publishes to a topic with a wildcard or a control character in it.
      const misplaced = broker === 'aedes' ? `+7/up/${a.meter.serial}\u0001` : `x7/up/${a.meter.serial}x`;
      await open.publish(`relight/v1/${misplaced}/ack`, '{"x":1}');
      await eventually('all are acknowledged', () => open.acknowledged.length === 3);
      const codes = (await a.quarantined()).slice(already).map(({ code }) => code);
      expect(codes.sort()).toEqual(['TOO_LARGE', 'TOPIC', 'TOPIC']);
    } finally {
      await headEnd.stop();
      await open.stop();
    }
  });
});
