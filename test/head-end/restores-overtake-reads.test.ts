import mqtt from 'mqtt';
import { Downlink } from '../../src/head-end/downlink.js';
import { newId } from '../../src/platform/ids.js';
import { cutAll, makeDebtors, newestCommand, payInFull } from '../fault/support/debtors.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';

const READS = 10_000;

describe('restores and ten thousand reads', () => {
  let relight: TestRelight;
  const undo: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    // No time-out may help or hinder: at 2,400 baud the reads alone take more than an hour.
    relight = await startTestRelight({
      plan: { districts: 1, metersPerDistrict: 24, dlt645Share: 1, lineBaud: 2_400 },
      timings: { ackTimeoutMs: 120_000 },
    });
  });
  afterAll(async () => {
    for (const act of undo.reverse()) await act();
    await relight.stop();
  });

  test('at a concentrator that has them to do, whoever pays is lit within seconds', async () => {
    const [asked, ...others] = await makeDebtors(relight);
    const dark = others.filter(({ gateway }) => gateway === asked!.gateway).slice(0, 3);
    expect(dark).toHaveLength(3);
    await cutAll(relight, dark);
    const access = { url: relight.broker.url, username: 'head-end', password: relight.brokerPassword };
    const answered = await countReads(access);
    const downlink = new Downlink(
      relight.ctx,
      { ...access, clientId: 'asking' },
      relight.key,
      relight.ctx.log,
      () => undefined,
    );
    downlink.start();
    undo.push(() => downlink.stop());
    await eventually('the downlink is connected', () => downlink.connected);
    const before = relight.fleet.summary().reads;
    await downlink.publishReads(
      Array.from({ length: READS }, () => ({
        requestId: newId(),
        gatewayNumber: asked!.gateway,
        serial: asked!.serial,
        codec: 'DLT645' as const,
      })),
    );
    await eventually('they wait at the concentrator', () => relight.fleet.summary().reads - before >= READS, 30_000);

    for (const debtor of dark) await payInFull(relight, debtor);
    for (const debtor of dark)
      await eventually(
        'the restore is verified',
        async () => {
          const command = await newestCommand(relight, debtor);
          return command?.operation === 'RESTORE' && command.state === 'VERIFIED';
        },
        30_000,
      );
    for (const { serial } of dark) expect(relight.fleet.meter(serial)!.relay).toBe('closed');
    // Nearly all of what was asked before is still to be done.
    expect(answered()).toBeLessThan(READS / 50);
    await eventually('the line goes on with them', () => answered() > 0, 15_000);
  }, 120_000);

  /** Answers to reads since now. */
  async function countReads(access: { url: string; username: string; password: string }): Promise<() => number> {
    const client = await mqtt.connectAsync(access.url, { ...access, clientId: 'listening' });
    undo.push(() => client.endAsync());
    let reads = 0;
    client.on('message', (_topic, bytes) => {
      const { payload } = JSON.parse(bytes.toString()) as { payload: string };
      const { answers } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { answers: { cause: string }[] };
      reads += answers.filter(({ cause }) => cause === 'read').length;
    });
    await client.subscribeAsync('relight/v1/+/up/+/frames', { qos: 1 });
    return () => reads;
  }
});
