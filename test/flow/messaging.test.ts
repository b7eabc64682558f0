import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { lockAccount } from '../../src/accounts/accounts.js';
import { claimNotices, giveUpNotices } from '../../src/flows/send-notices.js';
import { takeDeliveryReport } from '../../src/flows/take-delivery-report.js';
import { FileGateway } from '../../src/messaging/file-gateway.js';
import type { GatewayAnswer, Message, MessageGateway } from '../../src/messaging/gateway.js';
import { startMessaging } from '../../src/messaging/messaging.js';
import { ReportFiles } from '../../src/messaging/report-files.js';
import { simulatedReports } from '../../src/messaging/simulated-reports.js';
import { signatureOf, WebhookGateway } from '../../src/messaging/webhook-gateway.js';
import { eventually as waitFor } from '../support/eventually.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt } from './support/acts.js';
import { buildHouse, issueBill, type House } from './support/houses.js';
import { isWaiting } from './support/looks.js';
import { dun, morning, noticesOf, told } from './support/ladders.js';

/** Waits until an expectation holds; told as it failed last when it never does. */
async function eventually<T>(probe: () => T | Promise<T>): Promise<T> {
  let last: unknown;
  const found = await waitFor('an expectation to hold', async () => {
    try {
      return { value: await probe() };
    } catch (error) {
      last = error;
      return undefined;
    }
  }).catch(() => {
    throw last;
  });
  return found.value;
}

const SECRET = 'a secret of twenty-four characters';
const DAY = '2026-03-10';

describe('messages to customers', () => {
  let relight: TestRelight;
  let dir: string;
  beforeEach(async () => {
    relight = await startTestRelight({ wire: false, policies: CHINA, plan: { arrearsShare: 0, metersPerDistrict: 1 } });
    dir = mkdtempSync(join(relight.dir, 'outbox-'));
  });
  afterEach(() => relight.stop());

  const at = () => contextAt(relight, new Date(morning(DAY).getTime() + 60_000));
  async function reminded(): Promise<House> {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    await dun(relight, house, DAY);
    return house;
  }
  /** A prepaid house below zero: its message needs a delivery report. */
  async function exhausted(): Promise<House> {
    const house = await buildHouse(relight, { paymentMode: 'PREPAID' });
    await issueBill(relight, house, 500n, { periodFrom: '2026-02-05', periodTo: '2026-03-05', dueDate: '2026-03-05' });
    await dun(relight, house, DAY);
    return house;
  }
  const fileGateway = () => new FileGateway(dir, relight.ctx.clock, relight.ctx.log);
  const outbox = (): Message[] =>
    readdirSync(dir)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(dir, name), 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line) as Message);
  const leaseEnds = () =>
    relight.sql(`UPDATE notice SET next_attempt_wall_at = clock_timestamp() - interval '1 second'`);

  test('a prepared notice is in the outbox, then counts as sent', async () => {
    const house = await reminded();
    const messaging = startMessaging(at(), fileGateway(), {});
    await eventually(async () => expect(await told(relight, house)).toEqual(['DAY_5 SMS SERVED']));
    await messaging.stop();
    const [message, ...more] = outbox();
    expect(more).toEqual([]);
    const [notice] = await noticesOf(relight, house);
    expect(message).toMatchObject({ messageId: `${notice!.id}.1`, channel: 'SMS', language: 'zh', body: notice!.body });
  });

  test('killed between sending and recording: the same message again, under the same id, and no third time', async () => {
    const house = await reminded();
    const dying = fileGateway();
    for (const notice of await claimNotices(at())) await dying.send(notice);
    await dying.close();
    expect(await claimNotices(at())).toEqual([]);
    await leaseEnds();
    const messaging = startMessaging(at(), fileGateway(), {});
    await eventually(async () => expect(await told(relight, house)).toEqual(['DAY_5 SMS SERVED']));
    await messaging.stop();
    expect(new Set(outbox().map(({ messageId }) => messageId)).size).toBe(1);
    expect(outbox()).toHaveLength(2);
  });

  test('a gateway that is down: nothing is lost, nothing is doubled', async () => {
    const houses = [await reminded(), await reminded(), await reminded()];
    let down = true;
    const accepted: string[] = [];
    let tries = 0;
    const flaky: MessageGateway = {
      send: (message): Promise<GatewayAnswer> => {
        tries += 1;
        if (down) return Promise.resolve({ kind: 'REFUSED', code: 'GATEWAY_UNREACHABLE', permanent: false });
        accepted.push(message.messageId);
        return Promise.resolve({ kind: 'ACCEPTED', gatewayMessageId: message.messageId });
      },
      close: () => Promise.resolve(),
    };
    const messaging = startMessaging(at(), flaky, {});
    await eventually(() => expect(tries).toBe(3));
    const waits = await eventually(async () => {
      const rows = await relight.sql<{ waits: boolean; attempts: number }>(
        `SELECT next_attempt_wall_at BETWEEN clock_timestamp() + interval '1 second' AND clock_timestamp() + interval '5 seconds' AS waits, attempts FROM notice`,
      );
      expect(rows.every(({ waits }) => waits)).toBe(true);
      return rows;
    });
    expect(waits.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    down = false;
    await leaseEnds();
    messaging.wake();
    for (const house of houses)
      await eventually(async () => expect(await told(relight, house)).toEqual(['DAY_5 SMS SERVED']));
    await messaging.stop();
    expect(accepted.sort()).toEqual([...new Set(accepted)].sort());
    expect(accepted).toHaveLength(3);
  });

  test('a way that fails for good: the next one is tried, with a message of its own; at the end it has failed', async () => {
    const house = await exhausted();
    const refusing: MessageGateway = {
      send: () => Promise.resolve({ kind: 'REFUSED', code: 'INVALID_NUMBER', permanent: true }),
      close: () => Promise.resolve(),
    };
    const messaging = startMessaging(at(), refusing, {});
    await eventually(async () =>
      expect((await noticesOf(relight, house)).at(-1)).toMatchObject({
        step: 'BELOW_ZERO',
        channel: 'APP',
        state: 'FAILED',
        code: 'INVALID_NUMBER',
        attemptKey: 3,
      }),
    );
    await messaging.stop();
  });

  test('reports come as files: served with the report as proof, or on to the next way; nonsense is left out', async () => {
    const [one, other] = [await exhausted(), await exhausted()];
    const reports = join(dir, 'reports');
    const files = new ReportFiles(reports, relight.ctx.log);
    const messaging = startMessaging(at(), fileGateway(), { files });
    await eventually(() => expect(outbox()).toHaveLength(2));
    const idOf = (house: House) => outbox().find(({ body }) => body.includes(house.accountNumber))!.messageId;
    await eventually(async () => expect((await told(relight, other)).at(-1)).toBe('BELOW_ZERO SMS SENT'));
    const lines = [
      { messageId: idOf(one), outcome: 'DELIVERED', reference: 'op-1' },
      { messageId: idOf(other), outcome: 'FAILED', code: 'INVALID_NUMBER' },
      { messageId: idOf(other), outcome: 'FAILED', code: 'INVALID_NUMBER' },
      { messageId: 'nobody.1', outcome: 'DELIVERED' },
    ].map((line) => JSON.stringify(line));
    writeFileSync(join(reports, 'a.tmp'), ['not json', ...lines, ''].join('\n'));
    renameSync(join(reports, 'a.tmp'), join(reports, 'a.jsonl'));
    // Here beside the loop that looks for files by itself: whoever is first, the same is heard.
    await files.takeAll(async (report) => {
      await takeDeliveryReport(at(), report, person('gw')).catch(() => undefined);
    });
    await eventually(() => expect(readdirSync(join(reports, 'done'))).toEqual(['a.jsonl']));
    expect(
      await relight.sql(
        `SELECT state, proof_kind AS proof, proof_reference AS reference FROM notice WHERE account_id = $1`,
        [one.accountId],
      ),
    ).toEqual([{ state: 'SERVED', proof: 'DELIVERY_REPORT', reference: 'op-1' }]);
    // The other one goes on by voice, once, and its earlier report says nothing new.
    const voice = await eventually(async () => {
      const [notice] = await noticesOf(relight, other);
      expect(notice).toMatchObject({ channel: 'VOICE', attemptKey: 2, state: 'SENT' });
      return notice!;
    });
    await messaging.stop();
    const late = await takeDeliveryReport(at(), { messageId: idOf(other), outcome: 'FAILED' }, person('gw'));
    expect(late).toMatchObject({ changed: false, noticeId: voice.id });
    expect(
      await relight.sql(
        `SELECT p.outcome FROM contact_proof p JOIN contact c ON c.id = p.contact_id WHERE c.customer_id = $1`,
        [other.customerId],
      ),
    ).toEqual([{ outcome: 'INVALID' }]);
  });

  test('a late report of delivery is still a proof, also after everything was given up', async () => {
    const house = await exhausted();
    const messaging = startMessaging(at(), fileGateway(), {});
    await eventually(async () => expect((await told(relight, house)).at(-1)).toBe('BELOW_ZERO SMS SENT'));
    await messaging.stop();
    const first = outbox()[0]!.messageId;
    await relight.sql(`UPDATE notice SET routes_left = '{}'`);
    await leaseEnds();
    await giveUpNotices(at());
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({ state: 'FAILED', code: 'NO_REPORT' });
    await takeDeliveryReport(at(), { messageId: first, outcome: 'DELIVERED' }, person('gw'));
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({ state: 'SERVED', code: null });
  });

  test('a report waits for whoever decides about the account, before it holds the notice', async () => {
    const house = await exhausted();
    const [claimed] = await claimNotices(at());
    let reported = false;
    const report = await relight.ctx.db.transaction('test-decision', async (tx) => {
      await lockAccount(tx, house.accountId);
      const told = { messageId: claimed!.messageId, outcome: 'DELIVERED' as const };
      const done = takeDeliveryReport(at(), told, person('gateway')).finally(() => (reported = true));
      await waitFor('the report waits, or is through', async () => reported || (await isWaiting(relight)));
      expect(reported).toBe(false);
      await relight.sql(`SELECT id FROM notice WHERE account_id = $1 FOR UPDATE NOWAIT`, [house.accountId]);
      // As an object: a promise given back would be waited for, under the lock it waits for.
      return { done };
    });
    expect(await report.done).toMatchObject({ state: 'SERVED' });
  });

  test('simulated phones answer the same for the same seed', async () => {
    const house = await exhausted();
    const ctx = at();
    const messaging = startMessaging(ctx, fileGateway(), { simulated: () => simulatedReports(ctx, 7) });
    await eventually(async () => expect((await told(relight, house)).at(-1)).toBe('BELOW_ZERO SMS SERVED'));
    await messaging.stop();
    expect(await simulatedReports(ctx, 7)).toEqual([]);
  });

  describe('by webhook', () => {
    interface Call {
      readonly headers: IncomingMessage['headers'];
      readonly body: string;
    }
    let server: Server;
    let calls: Call[];
    let answers: [status: number, body: string][];
    let url: string;
    beforeEach(async () => {
      calls = [];
      answers = [];
      server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          calls.push({ headers: request.headers, body });
          const answer = answers.shift() ?? [200, '{"id":"provider-1"}'];
          // Status 0: no answer at all.
          if (answer[0] === 0) return;
          response.writeHead(answer[0]).end(answer[1]);
        });
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`;
    });
    afterEach(() => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    });
    const gateway = (timeoutMs = 5_000) =>
      new WebhookGateway({ url, secret: SECRET, timeoutMs }, relight.ctx.clock, relight.ctx.log);
    const MESSAGE: Message = { messageId: 'm-1', channel: 'SMS', to: '13900000001', language: 'zh', body: '请缴费' };

    test('posted with its id and a signature that the secret opens', async () => {
      const house = await reminded();
      const messaging = startMessaging(at(), gateway(), {});
      await eventually(async () => expect(await told(relight, house)).toEqual(['DAY_5 SMS SERVED']));
      await messaging.stop();
      const [{ headers, body }] = calls as [Call];
      const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['relight-signature']))!;
      expect(signatureOf(SECRET, Number(seconds), body)).toBe(signature);
      expect(headers['idempotency-key']).toBe((JSON.parse(body) as Message).messageId);
      expect(await relight.sql(`SELECT gateway_message_id AS id FROM notice`)).toEqual([{ id: 'provider-1' }]);
    });

    test.each<[string, [number, string][], GatewayAnswer, number]>([
      [
        'tried again after an error of the provider',
        [
          [503, ''],
          [200, ''],
        ],
        { kind: 'ACCEPTED', gatewayMessageId: 'm-1' },
        2,
      ],
      [
        'and not for ever',
        [
          [500, ''],
          [500, ''],
          [500, ''],
        ],
        { kind: 'REFUSED', code: 'HTTP_500', permanent: false },
        3,
      ],
      [
        'too many requests: later',
        [
          [429, ''],
          [429, ''],
          [429, ''],
        ],
        { kind: 'REFUSED', code: 'HTTP_429', permanent: false },
        3,
      ],
      [
        'refused with a code',
        [[422, '{"code":"INVALID_NUMBER"}']],
        { kind: 'REFUSED', code: 'INVALID_NUMBER', permanent: true },
        1,
      ],
      ['refused without one', [[400, 'no']], { kind: 'REFUSED', code: 'HTTP_400', permanent: true }, 1],
      [
        'a code that is none',
        [[400, '{"code":"please <b>"}']],
        { kind: 'REFUSED', code: 'HTTP_400', permanent: true },
        1,
      ],
    ])('%s', async (_what, given, expected, count) => {
      answers = given;
      expect(await gateway().send(MESSAGE)).toEqual(expected);
      expect(calls).toHaveLength(count);
      expect(new Set(calls.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set(['m-1']));
    });

    test('a provider that never answers is left after the time-out', async () => {
      answers = [
        [0, ''],
        [0, ''],
        [0, ''],
      ];
      expect(await gateway(100).send(MESSAGE)).toEqual({ kind: 'REFUSED', code: 'GATEWAY_TIMEOUT', permanent: false });
    });

    test('nobody there', async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
      expect(await gateway().send(MESSAGE)).toEqual({ kind: 'REFUSED', code: 'GATEWAY_UNREACHABLE', permanent: false });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    });
  });
});
