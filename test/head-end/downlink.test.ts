import mqtt from 'mqtt';
import { Downlink } from '../../src/head-end/downlink.js';
import { startHeadEnd } from '../../src/head-end/head-end.js';
import { newId } from '../../src/platform/ids.js';
import type { ReadOrder, SwitchOrder } from '../../src/switching/dispatch.js';
import { cutAll, makeDebtors, newestCommand, payInFull, type Debtor } from '../fault/support/debtors.js';
import { startTcpProxy, throughProxy } from '../fault/support/tcp-proxy.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { startOpenBroker } from './support/open-broker.js';

/** More than the head-end lets be under way without an answer of the broker. */
const MANY = 2_500;

describe('the way down', () => {
  let relight: TestRelight;
  let debtors: Debtor[];
  beforeAll(async () => {
    // No time-out may help here: what is not published at once stays unpublished.
    relight = await startTestRelight({ timings: { ackTimeoutMs: 60_000 } });
    debtors = await makeDebtors(relight);
  });
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const act of undo.splice(0).reverse()) await act();
  });
  afterAll(() => relight.stop());

  test('an order that cannot be written down does not hold back the others of its group', async () => {
    const group = debtors.slice(0, 6);
    await cutAll(relight, group);
    await relight.headEnd.stop();
    // A meter that claims to have seen the greatest number there is: its next order has none.
    await relight.sql(`UPDATE meter SET sequence = 9007199254740991 WHERE serial = $1`, [group[0]!.serial]);
    for (const debtor of group) await payInFull(relight, debtor);
    relight.headEnd = relight.startHeadEnd();
    const others = group.slice(1);
    await eventually('the others are lit', async () => {
      const states = await Promise.all(others.map(async (debtor) => (await newestCommand(relight, debtor))!.state));
      return states.every((state) => state === 'VERIFIED');
    });
    expect((await newestCommand(relight, group[0]!))!.state).toBe('SENT');
  });

  test('commands and questions are never retained: whoever comes later hears none', async () => {
    const open = await startOpenBroker();
    undo.push(() => open.stop());
    const access = { url: open.url, username: 'any', password: 'any', clientId: 'down' };
    const downlink = new Downlink(relight.ctx, access, relight.key, relight.ctx.log, () => undefined);
    downlink.start();
    undo.push(() => downlink.stop());
    await eventually('the downlink is connected', () => downlink.connected);
    const early = await listen(open.url);
    undo.push(early.end);
    await downlink.publishReads([questionFor(debtors[0]!)]);
    await eventually('who listens hears the question', () => early.topics.some((topic) => topic.includes('/down/')));
    const late = await listen(open.url);
    undo.push(late.end);
    await eventually('the retained clock is heard', () => late.topics.some((topic) => topic.endsWith('/clock')));
    expect(late.topics.filter((topic) => topic.includes('/down/'))).toEqual([]);
  });

  test('a question or a clock order that cannot be written does not hold back the others', async () => {
    const open = await startOpenBroker();
    undo.push(() => open.stop());
    const access = { url: open.url, username: 'any', password: 'any', clientId: 'down' };
    const downlink = new Downlink(relight.ctx, access, relight.key, relight.ctx.log, () => undefined);
    downlink.start();
    undo.push(() => downlink.stop());
    await eventually('the downlink is connected', () => downlink.connected);
    const client = await listen(open.url);
    undo.push(client.end);
    const [first, second, third] = debtors.slice(0, 3).map(questionFor) as [ReadOrder, ReadOrder, ReadOrder];
    // A meter that claims to have seen the greatest number there is, and one that bears everybody's.
    const at = relight.ctx.clock.now();
    const clock = { ...first, securityClass: 'PASSWORD', sequence: 2n ** 53n, at, offsetMs: 3_600_000 } as const;
    await downlink.publishClockWork({
      orders: [clock, { ...clock, ...second, sequence: 7n }],
      reads: [{ ...first, codec: 'DLT645', serial: '999999999999' }, third],
    });
    const to = ({ gatewayNumber, serial }: ReadOrder) => `relight/v1/${gatewayNumber}/down/${serial}`;
    const downward = () => client.topics.filter((topic) => topic.includes('/down/'));
    await eventually('the others are asked', () => downward().length === 2);
    expect(downward()).toEqual([to(second), to(third)]);
  });

  test('a restore overtakes ten thousand questions that wait to be sent', async () => {
    const open = await startOpenBroker();
    undo.push(() => open.stop());
    const access = { url: open.url, username: 'any', password: 'any', clientId: 'down' };
    const downlink = new Downlink(relight.ctx, access, relight.key, relight.ctx.log, () => undefined);
    downlink.start();
    undo.push(() => downlink.stop());
    await eventually('the downlink is connected', () => downlink.connected);
    const listener = await listen(open.url);
    undo.push(listener.end);
    const [asked, dark] = [debtors[0]!, debtors[1]!];
    const asking = downlink.publishReads(Array.from({ length: 10_000 }, () => questionFor(asked)));
    // One turn, in which as many questions go out as may.
    await new Promise((resume) => setImmediate(resume));
    await downlink.publishRestores([restoreFor(dark)]);
    await asking;
    const orders = () => listener.topics.filter((topic) => topic.includes('/down/'));
    await eventually('all are heard', () => orders().length === 10_001, 30_000);
    // Those that were under way already go before it, and none of the rest.
    expect(orders().findIndex((topic) => topic.endsWith(dark.serial))).toBeLessThan(500);
  });

  test('a head-end can be stopped although the broker has fallen silent with everything under way', async () => {
    const { hostname, port } = new URL(relight.broker.url);
    const line = await startTcpProxy({ host: hostname, port: Number(port) });
    undo.push(() => line.close());
    const access = { username: 'head-end', password: relight.brokerPassword, clientId: 'silent' };
    const headEnd = startHeadEnd(relight.ctx, { ...access, url: throughProxy(relight.broker.url, line) }, relight.key);
    await eventually('the head-end is connected', () => headEnd.connected);
    line.freeze();
    // The clock is told to every gateway: more messages than may be under way.
    await relight.sql(
      `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256)
       SELECT gen_random_uuid(), '38' || lpad(n::text, 10, '0'), 'CONCENTRATOR', d.id, sha256('') FROM generate_series(1, $1) n, transformer_district d`,
      [MANY],
    );
    relight.ctx.nudges.nudge('clock');
    let ended = false;
    void headEnd.stop().then(() => (ended = true));
    await eventually('it has stopped', () => ended, 5_000);
  });
});

const questionFor = ({ gateway, serial }: Debtor): ReadOrder => ({
  requestId: newId(),
  gatewayNumber: gateway,
  serial,
  codec: 'JSON',
});

const restoreFor = ({ gateway, serial }: Debtor): SwitchOrder => ({
  commandId: newId(),
  gatewayNumber: gateway,
  serial,
  codec: 'JSON',
  installationId: newId(),
  accountNumber: '3700000000',
  servicePointNumber: '3800000000',
  operation: 'RESTORE',
  mode: 'DIRECT',
  reason: 'ARREARS',
  sequence: 2n,
  issuedAt: new Date(),
  notAfter: new Date(Date.now() + 600_000),
});

/** A client that hears everything from now on. */
async function listen(url: string): Promise<{ topics: string[]; end(): Promise<void> }> {
  const topics: string[] = [];
  const client = await mqtt.connectAsync(url);
  client.on('message', (topic) => topics.push(topic));
  await client.subscribeAsync('#', { qos: 1 });
  return { topics, end: () => client.endAsync() };
}
