import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { GuardClient } from '../../src/head-end/guard-client.js';
import { newId } from '../../src/platform/ids.js';
import { payInFull } from '../fault/support/debtors.js';
import { startTcpProxy } from '../flow/support/tcp-proxy.js';
import { startTestGuard } from '../support/test-guard.js';
import { person } from '../support/test-relight.js';
import { changed, GuardTable } from './support/guard-table.js';

describe('what the guard signs', () => {
  let table: GuardTable;
  beforeAll(async () => {
    table = await GuardTable.open(70);
  });
  afterAll(() => table.stop());

  const sql = (text: string, values: readonly unknown[] = []) => table.relight.ctx.db.pool.query(text, [...values]);
  const decisions = (): { entry: Record<string, unknown> }[] =>
    readFileSync(join(table.relight.guardDir, 'decisions.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { entry: Record<string, unknown> });

  test('a lawful cut, on record before its signature is given out; the meter takes it', async () => {
    const cut = await table.sentCut();
    expect(table.deliver(cut)).toBe(false);
    const answer = await table.sign(cut.payload);
    if (!('signature' in answer)) throw new Error(answer.text);
    expect(decisions().at(-1)!.entry).toMatchObject({
      verdict: 'SIGNED',
      commandId: cut.order.commandId,
      requester: 'clerk',
      approver: 'supervisor',
      urgent: false,
      sequence: 1,
    });
    expect(table.deliver(cut, answer.signature)).toBe(true);
    expect(table.dark()).toBe(1);
  });

  test('the same bytes again get the same answer and use up nothing; other bytes for the same command get none', async () => {
    const cut = await table.sentCut();
    const first = await table.sign(cut.payload);
    const entries = decisions().length;
    expect(await table.sign(cut.payload)).toEqual(first);
    expect(decisions()).toHaveLength(entries);
    // Somebody who may write to the database makes the record fit another payload.
    await sql(`UPDATE switch_command SET sequence = 77 WHERE id = $1`, [cut.order.commandId]);
    expect(await table.verdict(changed(cut.payload, { sequence: 77 }))).toBe('OTHER_BYTES');
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['commandId', { commandId: newId() }, 'UNKNOWN_COMMAND'],
    ['gateway', { gateway: '370100000099' }, 'DIFFERS'],
    ['meter', { meter: '370200000099' }, 'DIFFERS'],
    ['installation', { installation: newId() }, 'DIFFERS'],
    ['account', { account: '3700000099' }, 'DIFFERS'],
    ['servicePoint', { servicePoint: '3800000099' }, 'DIFFERS'],
    ['mode', { mode: 'arm' }, 'DIFFERS'],
    ['expectedRelay', { expectedRelay: 'any' }, 'DIFFERS'],
    ['sequence', { sequence: 9 }, 'DIFFERS'],
    ['issuedAt', { issuedAt: '2026-03-10T02:00:00.999Z' }, 'DIFFERS'],
    ['notAfter', { notAfter: '2026-03-10T02:11:11.999Z' }, 'DIFFERS'],
    ['a notAfter far ahead', { notAfter: '2026-03-11T02:00:00.000Z' }, 'VALIDITY'],
    ['a notAfter long past', { notAfter: '2026-03-09T02:00:00.000Z' }, 'VALIDITY'],
    ['an impossible instant', { notAfter: '2026-02-30T02:00:00.000Z' }, 'MALFORMED'],
    ['reason', { reason: 'SAFETY' }, 'DIFFERS'],
    ['a restore', { operation: 'restore' }, 'NOT_A_CUT'],
    ['a question', { kind: 'read' }, 'NOT_A_CUT'],
    ['a clock message', { kind: 'clock' }, 'NOT_A_CUT'],
    ['one member more', { also: 1 }, 'MALFORMED'],
    ['one member less', { reason: undefined }, 'MALFORMED'],
  ])('no other %s than on record', async (_, change, code) => {
    const cut = await table.sentCut();
    expect(await table.verdict(changed(cut.payload, change))).toBe(code);
    expect(await table.verdict(cut.payload)).toBe('SIGNED');
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'cut!'],
    ['null', 'null'],
    ['a list', '[]'],
    ['four kilobytes', `"${'x'.repeat(5_000)}"`],
  ])('%s is refused', async (_, bytes) => {
    expect(['MALFORMED', 'NOT_A_CUT']).toContain(await table.verdict(bytes));
  });

  test('another spelling of the same content is refused: no meter would take it', async () => {
    const cut = await table.sentCut();
    for (const spelling of [
      cut.payload.replace(':', ': '),
      cut.payload.replace('"cut"', '"c\\u0075t"'),
      ` ${cut.payload}`,
    ])
      expect(await table.verdict(spelling)).toBe('MALFORMED');
  });

  test.each(['ACCEPTED', 'VERIFIED', 'UNKNOWN', 'SUPERSEDED', 'FAILED'])('not a cut that is %s', async (state) => {
    const cut = await table.sentCut();
    await sql(`UPDATE switch_command SET state = $2 WHERE id = $1`, [cut.order.commandId, state]);
    expect(await table.verdict(cut.payload)).toBe('NOT_SENT');
  });

  test('not without the approval of a second person', async () => {
    const cut = await table.sentCut();
    await sql(`UPDATE switch_command SET approved_by = NULL WHERE id = $1`, [cut.order.commandId]);
    expect(await table.verdict(cut.payload)).toBe('NOT_APPROVED');
    await sql(`ALTER TABLE switch_command DROP CONSTRAINT switch_command_check1`);
    await sql(`UPDATE switch_command SET approved_by = requested_by WHERE id = $1`, [cut.order.commandId]);
    expect(await table.verdict(cut.payload)).toBe('NOT_APPROVED');
  });

  test('not once the debtor has paid, nor while another reason keeps the power off', async () => {
    const payer = table.debtor();
    const paid = await table.sentCut(payer);
    await payInFull(table.relight, payer);
    expect(await table.verdict(paid.payload)).toBe('NOT_SENT');
    // As if the row had been put back: the facts still say no.
    await sql(`ALTER TABLE switch_command DISABLE TRIGGER switch_command_move`);
    await sql(`UPDATE switch_command SET state = 'CANCELLED' WHERE service_point_id = $1 AND operation = 'RESTORE'`, [
      payer.servicePointId,
    ]);
    await sql(`UPDATE switch_command SET state = 'SENT' WHERE id = $1`, [paid.order.commandId]);
    await sql(`ALTER TABLE switch_command ENABLE TRIGGER switch_command_move`);
    expect(await table.verdict(paid.payload)).toBe('DIFFERS');
    await sql(`UPDATE interruption SET closed_at = NULL, closed_by = NULL WHERE command_id = $1`, [
      paid.order.commandId,
    ]);
    expect(await table.verdict(paid.payload)).toBe('BLOCKED');

    const other = await table.sentCut();
    await sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by)
       SELECT $2, service_point_id, account_id, 'VACANT', now(), 'x' FROM switch_command WHERE id = $1`,
      [other.order.commandId, newId()],
    );
    expect(await table.verdict(other.payload)).toBe('BLOCKED');
  });

  test('not while the kill switch is on, nor while the file STOP is there, database or not', async () => {
    const cut = await table.sentCut();
    const kill = (engaged: boolean) =>
      setKillSwitch(table.relight.ctx, { engaged, note: 'a test', idempotencyKey: newId() }, person('supervisor'));
    await kill(true);
    expect(await table.verdict(cut.payload)).toBe('BLOCKED');
    await kill(false);
    const stopFile = join(table.relight.guardDir, 'STOP');
    writeFileSync(stopFile, '');
    expect(await table.verdict(cut.payload)).toBe('STOPPED');
    rmSync(stopFile);
    expect(await table.verdict(cut.payload)).toBe('SIGNED');
    writeFileSync(stopFile, '');
    expect(await table.verdict(cut.payload)).toBe('STOPPED');
    rmSync(stopFile);
  });

  test('not when the clock of the database is not that of the guard, or stands in the past', async () => {
    const cut = await table.sentCut();
    for (const offMs of [-61_000, 61_000, 3_600_000]) {
      await table.restart({ machineNow: () => new Date(Date.now() + offMs) });
      expect(await table.verdict(cut.payload)).toBe('CLOCK');
    }
    await table.restart({ simulation: false });
    expect(await table.verdict(cut.payload)).toBe('CLOCK');
    await table.restart();
    await sql(`UPDATE clock_state SET virtual_at = virtual_at - interval '2 hours'`);
    expect(await table.verdict(cut.payload)).toBe('CLOCK');
    await sql(`UPDATE clock_state SET virtual_at = virtual_at + interval '2 hours'`);
    expect(await table.verdict(cut.payload)).toBe('SIGNED');
  });

  test('not when its database is out of reach, or keeps silent', async () => {
    const cut = await table.sentCut();
    const door = await startTcpProxy(table.role.url);
    const guard = await startTestGuard(table.relight.ctx, door.url, join(table.relight.dir, 'guard-2'));
    const client = new GuardClient({ url: guard.url }, table.relight.ctx.log);
    door.shut();
    expect(await client.sign(cut.payload)).toMatchObject({ code: 'GUARD_UNAVAILABLE' });
    door.open();
    expect(await client.sign(cut.payload)).toHaveProperty('signature');
    door.hold();
    expect(await client.sign(cut.payload)).toMatchObject({ code: 'GUARD_UNAVAILABLE' });
    door.flow();
    expect(await client.sign(cut.payload)).toHaveProperty('signature');
    await guard.stop();
    await door.stop();
    expect(await client.sign(cut.payload)).toMatchObject({ code: 'GUARD_UNAVAILABLE' });
  });

  test('a port needs the secret; a second guard at the same place is refused', async () => {
    const token = 'a-secret-of-some-length-1';
    const listen = { host: '127.0.0.1', port: 0, token };
    const guard = await startTestGuard(table.relight.ctx, table.role.url, join(table.relight.dir, 'guard-3'), {
      listen,
    });
    const cut = await table.sentCut();
    const ask = (given?: string) =>
      new GuardClient({ url: guard.url, token: given }, table.relight.ctx.log).sign(cut.payload);
    expect(await ask()).toMatchObject({ code: 'GUARD_UNAVAILABLE' });
    expect(await ask(`${token}x`)).toMatchObject({ code: 'GUARD_UNAVAILABLE' });
    expect(await ask(token)).toHaveProperty('signature');
    await guard.stop();
    await expect(startTestGuard(table.relight.ctx, table.role.url, table.relight.guardDir)).rejects.toThrow(
      /running at .* already/,
    );
  });

  test('more bytes than a cut has are not even read', async () => {
    const socketPath = join(table.relight.guardDir, 'guard.sock');
    const status = await new Promise((done, fail) => {
      const call = request({ socketPath, path: '/sign', method: 'POST' }, (response) => {
        response.resume();
        done(response.statusCode);
      });
      call.on('error', fail);
      call.end('x'.repeat(100_000));
    });
    expect(status).toBe(413);
  });

  test('outside the allowed hours it refuses, whatever the dispatcher has done', async () => {
    const cut = await table.sentCut();
    await sql(`UPDATE clock_state SET virtual_at = '2026-03-10T12:30:00Z', wall_at = clock_timestamp()`);
    await sql(
      `UPDATE switch_command SET sent_at = '2026-03-10T12:29:59Z', not_after = '2026-03-10T12:39:00Z' WHERE id = $1`,
      [cut.order.commandId],
    );
    const late = changed(cut.payload, { issuedAt: '2026-03-10T12:29:59.000Z', notAfter: '2026-03-10T12:39:00.000Z' });
    const answer = await table.sign(late);
    expect(answer).toMatchObject({ code: 'GUARD_REFUSED', text: expect.stringMatching(/^BLOCKED: .*HOUR/) as string });
  });
});
