import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFleet, type FleetOptions, type RunningFleet } from '../../simulator/fleet.js';
import { TestBroker, TestHeadEnd, until } from './support/broker.js';
import {
  clock,
  cut,
  GATEWAY,
  installationOf,
  manifest,
  METER,
  nextId,
  read,
  restore,
  seal,
  START,
} from './support/fixtures.js';
import type { Said } from './support/bench.js';

const DIRECT = '200000000001';
let broker: TestBroker;
let headEnd: TestHeadEnd;
let folder: string;
const running: RunningFleet[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relight-fleet-'));
  broker = await new TestBroker().start();
  headEnd = await TestHeadEnd.connect(broker.url);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((fleet) => fleet.stop()));
  const { problems } = headEnd;
  await headEnd.close();
  await broker.kill();
  rmSync(folder, { recursive: true, force: true });
  // Everything any meter sent in any test fits its schema, its topic and its signature.
  expect(problems).toEqual([]);
});

async function start(options: Partial<FleetOptions> = {}): Promise<RunningFleet> {
  const fleet = await startFleet({ fleet: manifest(), brokerUrl: broker.url, spreadMs: 0, clockWaitMs: 0, ...options });
  running.push(fleet);
  return fleet;
}
async function ready(options: Partial<FleetOptions> = {}): Promise<RunningFleet> {
  const fleet = await start(options);
  await fleet.ready;
  return fleet;
}
/** Instants around now: without a clock message meters live in real time. */
const valid = () => ({ issuedAt: new Date().toISOString(), notAfter: new Date(Date.now() + 600_000).toISOString() });
const acks = (commandId: string): Said[] =>
  headEnd.heard(({ kind, message }) => kind === 'ack' && message.commandId === commandId);
const presence = (gateway: string): unknown => headEnd.presence.get(gateway)?.online;

async function obeyed(command: ReturnType<typeof cut>): Promise<Record<string, unknown>> {
  await headEnd.send(command.gateway, command.meter, seal(command));
  await until(`the ack of ${command.operation} ${command.sequence}`, () => acks(command.commandId).length > 0);
  return acks(command.commandId)[0]?.message ?? {};
}

describe('a fleet on a broker', () => {
  test('connects with its own credentials, shows presence, and every meter says how it stands', async () => {
    const fleet = await ready({ fleet: manifest({ concentrators: 2, metersEach: 5, direct: 2 }) });
    expect(fleet.progress()).toMatchObject({ online: 4, total: 4 });
    await until('boot states', () => headEnd.heard(({ message }) => message.cause === 'boot').length === 12);
    expect(headEnd.presence.get(GATEWAY)).toMatchObject({ v: 1, kind: 'status', online: true, meterCount: 5 });
    expect(headEnd.presence.get(DIRECT)).toMatchObject({ online: true, meterCount: 1 });
    expect(broker.credentials.get(GATEWAY)).toMatch(/^[\w-]{32}$/);
    expect(broker.credentials.get(GATEWAY)).not.toBe(broker.credentials.get(DIRECT));
    expect(fleet.summary()).toMatchObject({ meters: 12, metersOnline: 12, closed: 12, open: 0, gatewaysOnline: 4 });
  });

  test('obeys: cut and restore of a meter behind a concentrator and of a 4G meter', async () => {
    const fleet = await ready({ fleet: manifest({ direct: 1 }) });
    for (const [gateway, meter, installation] of [
      [GATEWAY, METER, installationOf(1)],
      [DIRECT, DIRECT, installationOf(2)],
    ] as const) {
      expect(await obeyed(cut({ gateway, meter, installation, ...valid() }))).toMatchObject({ result: 'accepted' });
      await until('the open relay', () => fleet.meter(meter)?.relay === 'open');
      await until(
        'the state',
        () => headEnd.heard((said) => said.meter === meter && said.message.cause === 'change').length === 1,
      );
      await obeyed(restore({ gateway, meter, installation, sequence: 2, ...valid() }));
      await until('the closed relay', () => fleet.meter(meter)?.relay === 'closed');
      expect(fleet.relayHistory(meter).map(({ to, sequence }) => [to, sequence])).toEqual([
        ['open', 1],
        ['closed', 2],
      ]);
    }
  });

  test('is offline by last will when cut off, by its own word when stopped', async () => {
    const fleet = await ready();
    const { id } = fleet.addFault({ name: 'offline', target: { gateway: GATEWAY } });
    await until('the last will', () => presence(GATEWAY) === false);
    expect(headEnd.presence.get(GATEWAY)).not.toHaveProperty('at');
    expect(fleet.summary()).toMatchObject({ gatewaysOnline: 0, metersOnline: 0 });
    fleet.removeFault(id);
    await until('its return', () => presence(GATEWAY) === true);
    await until(
      'states after the return',
      () => headEnd.heard(({ message }) => message.cause === 'periodic').length === 1,
    );
    await fleet.stop();
    await until('goodbye', () => presence(GATEWAY) === false);
    expect(headEnd.presence.get(GATEWAY)).toHaveProperty('at');
  });

  test('a command sent while its gateway was away waits in the session; one too old is refused as expired', async () => {
    const fleet = await ready();
    const { id } = fleet.addFault({ name: 'offline' });
    await until('offline', () => presence(GATEWAY) === false);
    const stale = cut({ ...valid(), notAfter: new Date(Date.now() - 1).toISOString() });
    const good = cut({ ...valid(), commandId: nextId() });
    await headEnd.send(GATEWAY, METER, seal(stale));
    await headEnd.send(GATEWAY, METER, seal(good));
    fleet.removeFault(id);
    await until('both answers', () => acks(stale.commandId).length > 0 && acks(good.commandId).length > 0);
    expect(acks(stale.commandId)[0]?.message).toMatchObject({ refusal: 'EXPIRED' });
    expect(acks(good.commandId)[0]?.message).toMatchObject({ result: 'accepted' });
  });

  test('faults at work on the wire: late, doubled, lost and reordered acks', async () => {
    const fleet = await ready();
    await until('the boot state', () => headEnd.said.length === 1);
    const late = fleet.addFault({ name: 'lateAck', parameters: { afterMs: 200 } });
    const first = cut({ ...valid() });
    await obeyed(first);
    const order = headEnd.said.slice(1).map(({ kind }) => kind);
    expect(order).toEqual(['state', 'ack']);
    fleet.removeFault(late.id);

    const doubled = fleet.addFault({ name: 'duplicate', parameters: { kind: 'ack' } });
    const second = restore({ sequence: 2, ...valid() });
    await headEnd.send(GATEWAY, METER, seal(second));
    await until('two acks', () => acks(second.commandId).length === 2);
    fleet.removeFault(doubled.id);

    const lost = fleet.addFault({ name: 'lossUp', parameters: { kind: 'ack' } });
    const third = cut({ sequence: 3, ...valid() });
    await headEnd.send(GATEWAY, METER, seal(third));
    await until('the third command obeyed', () => fleet.meter(METER)?.lastSequence === 3);
    fleet.removeFault(lost.id);
    const request = read({ ...valid() });
    await headEnd.send(GATEWAY, METER, seal(request));
    await until(
      'the state asked for',
      () => headEnd.heard(({ message }) => message.requestId === request.requestId).length === 1,
    );
    expect(acks(third.commandId)).toEqual([]);
    await until('the third movement', () => headEnd.heard(({ message }) => message.cause === 'change').length === 3);

    const swapped = fleet.addFault({ name: 'reorder', parameters: { kind: 'ack', windowMs: 5_000 } });
    const before = headEnd.said.length;
    await obeyed(restore({ sequence: 4, ...valid() }));
    expect(headEnd.said.slice(before).map(({ kind }) => kind)).toEqual(['state', 'ack']);
    fleet.removeFault(swapped.id);
  });

  test('a reboot keeps the sequence; a simulator restart with its state file does too', async () => {
    const stateFile = join(folder, 'meters.state');
    const fleet = await ready({ stateFile });
    const command = cut({ sequence: 7, ...valid() });
    await obeyed(command);
    await until('the open relay', () => fleet.meter(METER)?.relay === 'open');
    fleet.addFault({ name: 'reboot', parameters: { downMs: 10 } });
    await until('the REBOOT event', () => headEnd.heard(({ message }) => message.event === 'REBOOT').length === 1);
    expect(await obeyed(restore({ sequence: 7, ...valid() }))).toMatchObject({ refusal: 'SEQUENCE', relay: 'open' });
    await fleet.stop();

    const again = await ready({ stateFile });
    expect(again.meter(METER)).toMatchObject({ relay: 'open', lastSequence: 7, lastCommandId: command.commandId });
    expect(await obeyed(restore({ sequence: 6, ...valid() }))).toMatchObject({ refusal: 'SEQUENCE', lastSequence: 7 });
    await headEnd.send(GATEWAY, METER, seal(command));
    await until('the answer again', () => acks(command.commandId).length === 2);
    expect(acks(command.commandId)[1]?.message).toMatchObject({ result: 'accepted', duplicate: true, relay: 'open' });
  });

  test('stopping finishes relays under way and delivers their state', async () => {
    const fleet = await ready({ relayMs: 3_600_000 });
    await obeyed(cut({ ...valid() }));
    await fleet.stop();
    await until('the state', () => headEnd.heard(({ message }) => message.cause === 'change').length === 1);
    expect(headEnd.said.at(-1)?.message).toMatchObject({ relay: 'open' });
  });

  test('follows the retained clock before its meters speak, and freezes the midnights of a jump', async () => {
    const at = (version: number, virtualAt: string) =>
      seal(clock({ version, virtualAt, realAt: new Date().toISOString() }));
    await headEnd.setClock(GATEWAY, at(1, '2025-06-10T04:00:00.000Z'));
    // Longer than any machine takes: the clock must come first.
    await ready({ fleet: manifest({ metersEach: 3 }), clockWaitMs: 60_000 });
    await until('boot states', () => headEnd.heard(({ message }) => message.cause === 'boot').length === 3);
    for (const { message } of headEnd.said) expect(message.meterTime).toBe('2025-06-10T04:00:00.000Z');
    await headEnd.setClock(GATEWAY, at(2, '2025-07-10T04:00:00.000Z'));
    const freezes = (): Said[] => headEnd.heard(({ message }) => message.cause === 'freeze');
    await until('three months of freezes', () => freezes().length === 3);
    for (const { message } of freezes()) expect(message.readings).toHaveLength(30);
  });

  test('before the time is known meters neither hear nor speak', async () => {
    const fleet = await start({ clockWaitMs: 60_000 });
    await until('presence', () => presence(GATEWAY) === true);
    const early = cut();
    await headEnd.send(GATEWAY, METER, seal(early));
    // Silence can only be waited for.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(headEnd.said).toEqual([]);
    await headEnd.setClock(GATEWAY, seal(clock({ realAt: new Date().toISOString() })));
    await fleet.ready;
    await until('the boot state and the ack', () => headEnd.said.length >= 2 && acks(early.commandId).length === 1);
    for (const { message } of headEnd.said) expect(message.meterTime).toBe(START);
  });

  test('a command that waited while the simulator was down is judged by the head-end’s time, not by this machine’s', async () => {
    await headEnd.setClock(GATEWAY, seal(clock({ realAt: new Date().toISOString() })));
    await (await ready({ clockWaitMs: 60_000 })).stop();
    const waiting = cut();
    await headEnd.send(GATEWAY, METER, seal(waiting));
    await ready({ clockWaitMs: 60_000 });
    await until('its ack', () => acks(waiting.commandId).length === 1);
    expect(acks(waiting.commandId)[0]?.message).toMatchObject({ result: 'accepted', meterTime: START });
  });

  test('keeps trying while there is no broker, and loses nothing when it dies and comes back empty', async () => {
    const log: string[] = [];
    await broker.kill();
    const fleet = await start({ log: (line) => log.push(line) });
    await until('a plain reason', () => fleet.progress().lastProblem !== undefined);
    expect(log[0]).toMatch(/gateway 900000000001: nothing listens at 127\.0\.0\.1:\d+; trying again/);
    await broker.start();
    await fleet.ready;

    // A state made while the broker is away arrives when it is back.
    fleet.addFault({ name: 'stuckRelay' });
    await broker.kill();
    await until('the loss', () => fleet.progress().online === 0);
    fleet.addFault({ name: 'reboot', parameters: { downMs: 1 } });
    await broker.start();
    await until('the event', () => headEnd.heard(({ message }) => message.event === 'REBOOT').length === 1);
    await until('presence in the empty broker', () => presence(GATEWAY) === true);
  });

  test('hundreds of 4G meters, each on its own connection', async () => {
    const fleet = await ready({ fleet: manifest({ concentrators: 0, direct: 400 }), maxOpening: 50 });
    expect(fleet.progress().online).toBe(400);
    await until('all boot states', () => headEnd.heard(({ message }) => message.cause === 'boot').length === 400);
  });

  test('every command is obeyed exactly once when everything goes wrong on the way', async () => {
    const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);
    const fleet = await ready({
      fleet: manifest({ concentrators: 2, metersEach: 10 }),
      seed,
      faults: [
        { name: 'duplicate', parameters: { direction: 'down', rate: 0.4 } },
        { name: 'delay', parameters: { direction: 'down', maxMs: 60, rate: 0.5 } },
        { name: 'duplicate', parameters: { rate: 0.4 } },
        { name: 'reorder', parameters: { rate: 0.3, windowMs: 40 } },
        { name: 'delay', parameters: { maxMs: 40, rate: 0.3 } },
      ],
    });
    const commands = Array.from({ length: 20 }, (_, index) => {
      const gateway = index < 10 ? GATEWAY : '900000000002';
      const to = {
        gateway,
        meter: String(100_000_000_001 + index),
        installation: installationOf(index + 1),
        ...valid(),
      };
      return [cut({ ...to, sequence: 1 }), restore({ ...to, sequence: 2 }), cut({ ...to, sequence: 3 })];
    }).flat();
    await Promise.all(commands.map((command) => headEnd.send(command.gateway, command.meter, seal(command))));
    await until(`every command heard (seed ${seed})`, () =>
      commands.every(({ commandId }) => acks(commandId).length > 0),
    );
    await until(`the newest in force everywhere (seed ${seed})`, () =>
      fleet.meters.every((serial) => fleet.meter(serial)?.lastSequence === 3 && fleet.meter(serial)?.relay === 'open'),
    );
    for (const serial of fleet.meters) {
      const log = fleet.relayHistory(serial);
      const ids = log.map(({ commandId }) => commandId);
      if (new Set(ids).size !== ids.length) throw new Error(`seed ${seed}: ${serial} moved twice for one command`);
      expect(fleet.meter(serial)).toMatchObject({ relay: 'open', lastSequence: 3 });
    }
  });
});
