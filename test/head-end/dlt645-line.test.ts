import { clearRefusedCredentials } from '../../src/flows/clear-refused-credentials.js';
import { requestRestore } from '../../src/flows/request-switch.js';
import { describeOnBrokers } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import {
  cutAll,
  makeDebtors,
  newestCommand,
  orderCut,
  payInFull,
  workOrders,
  type Debtor,
} from '../fault/support/debtors.js';
import { Concentrator, type Answer } from './support/concentrator.js';
import { METER_KEY } from './support/keys.js';

const MINUTE = 60_000;

describeOnBrokers('DL/T 645 meters behind a concentrator', (broker) => {
  let relight: TestRelight;
  let line: Concentrator;
  let debtors: Debtor[];
  let next = 0;
  beforeAll(async () => {
    relight = await startTestRelight({ broker, wire: false, plan: { metersPerDistrict: 40, dlt645Share: 1 } });
    relight.guard = await relight.startGuard();
    relight.headEnd = relight.startHeadEnd();
    debtors = await makeDebtors(relight);
    line = await Concentrator.open(relight, debtors[0]!.gateway);
  });
  afterEach(() => {
    line.bend = (answers) => answers;
    line.refusal = undefined;
    expect(line.complaints).toEqual([]);
  });
  afterAll(async () => {
    await line?.stop();
    await relight.stop();
  });

  const take = (count: number): Debtor[] => debtors.slice(next, (next += count));
  const one = (): Debtor => take(1)[0]!;
  const verified = (debtor: Debtor, operation: string) =>
    eventually(`the ${operation} of ${debtor.serial} is verified`, async () => {
      const command = await newestCommand(relight, debtor);
      return command?.operation === operation && command.state === 'VERIFIED';
    });
  const ended = (debtor: Debtor, state: string) =>
    eventually(`the command of ${debtor.serial} is ${state}`, async () => {
      const command = await newestCommand(relight, debtor);
      return command?.state === state ? command : undefined;
    });
  const quarantined = () =>
    relight.sql<{ code: string; payload: Buffer }>(`SELECT code, payload FROM uplink_quarantine ORDER BY id`);

  test('both classes: cut with two signatures, paid, lit; 9CH alone proves nothing', async () => {
    const both = [
      debtors.find(({ serial }) => line.meter(serial)['cipher'])!,
      debtors.find(({ serial }) => !line.meter(serial)['cipher'])!,
    ];
    debtors = debtors.filter((debtor) => !both.includes(debtor));
    for (const debtor of both) {
      // First only the 9CH goes up: the command must wait for the status word.
      let polls: Answer[] = [];
      line.bend = (answers) => {
        polls = polls.concat(answers.filter(({ cause }) => cause !== 'switch'));
        return answers.filter(({ cause }) => cause === 'switch');
      };
      const id = await orderCut(relight, debtor);
      await ended(debtor, 'ACCEPTED');
      expect(line.meter(debtor.serial).open).toBe(true);
      line.bend = (answers) => answers;
      await verified(debtor, 'CUT');
      const moves = await relight.sql<{ detail: { by?: string; relay?: string } }>(
        `SELECT detail FROM audit_entry WHERE subject_id = $1 AND to_state IN ('ACCEPTED', 'VERIFIED') AND detail ? 'by' ORDER BY id`,
        [id],
      );
      expect(moves.map(({ detail }) => [detail.by, detail.relay])).toEqual([
        ['ACK', undefined],
        ['STATE', 'OPEN'],
      ]);
      await payInFull(relight, debtor);
      await verified(debtor, 'RESTORE');
      expect(line.meter(debtor.serial).orders).toEqual(['1a', '1c']);
      expect(line.meter(debtor.serial).open).toBe(false);
    }
    expect(line.envelopes.filter(({ signatures }) => signatures === 2)).toHaveLength(2);
  });

  test('restores of one concentrator share a signature; the failure of some is theirs alone', async () => {
    const group = take(12);
    await cutAll(relight, group);
    const before = line.envelopes.length;
    const [stuck, silent, ...well] = group as [Debtor, Debtor, ...Debtor[]];
    line.meter(stuck.serial).faults.stuck = true;
    line.meter(silent.serial).faults.silent = true;
    // Held back until all are queued, so that one round takes them all.
    await relight.headEnd.stop();
    await Promise.all(group.map((debtor) => payInFull(relight, debtor)));
    relight.headEnd = relight.startHeadEnd();
    for (const debtor of well) await verified(debtor, 'RESTORE');
    expect(line.envelopes.slice(before).some(({ topic, orders }) => orders >= 12 && topic.endsWith(line.gateway))).toBe(
      true,
    );
    expect((await ended(stuck, 'FIELD_VISIT')).code).toBe('RELAY_STUCK');
    const command = await ended(silent, 'FIELD_VISIT');
    expect(command.code).toBe('NO_ANSWER');
    // Silence is no reason to send again: it was asked, and asked again.
    expect([command.attempts, command.reads > 2]).toEqual([1, true]);
    line.meter(silent.serial).faults.silent = false;
  });

  test.each([
    ['20 00: protected', '2000', 'REFUSED_PROTECTED'],
    ['00 01: tripped already', '0001', 'REFUSED_UNEXPECTED_RELAY'],
    ['01: other', '01', 'REFUSED_OTHER'],
  ])('a cut refused with %s', async (_what, refuse, code) => {
    const debtor = one();
    line.meter(debtor.serial).faults.refuse = refuse;
    await orderCut(relight, debtor);
    expect((await ended(debtor, 'REJECTED')).code).toBe(code);
    expect(line.meter(debtor.serial).orders).toEqual(['1a']);
  });

  test('what the concentrator itself refuses is a refusal too, and silence is not', async () => {
    const debtor = one();
    line.refusal = 'FRAME_MISMATCH';
    await orderCut(relight, debtor);
    expect((await ended(debtor, 'REJECTED')).code).toBe('REFUSED_FRAME_MISMATCH');
  });

  test('a refused password is never tried again by itself; the restore becomes field work', async () => {
    const debtor = one();
    await cutAll(relight, [debtor]);
    const meter = line.meter(debtor.serial);
    meter.faults.refuse = '04';
    await payInFull(relight, debtor);
    expect((await ended(debtor, 'FIELD_VISIT')).code).toBe('REFUSED_PASSWORD');
    const [row] = await relight.sql<{ at: Date | null }>(
      `SELECT credentials_refused_at AS at FROM meter WHERE id = $1`,
      [debtor.meterId],
    );
    expect(row!.at).not.toBeNull();
    expect(await workOrders(relight, debtor)).toMatchObject([{ kind: 'RESTORE_ON_SITE', state: 'OPEN' }]);
    // Its relay is reported open, power is due: contact orders nothing while the password is refused.
    await line.send([line.answerOf(debtor.serial, { cause: 'periodic', frames: [meter.status()] })]);
    await eventually('the report is stored', async () => {
      const [said] = await relight.sql<{ relay: string }>(`SELECT reported_relay AS relay FROM meter WHERE id = $1`, [
        debtor.meterId,
      ]);
      return said!.relay === 'OPEN';
    });
    expect(meter.orders).toEqual(['1a', '1c']);
    expect((await newestCommand(relight, debtor))!.state).toBe('FIELD_VISIT');
    // Nor by whoever asks for it: nothing goes onto the line, and the command says why.
    const restore = { servicePointId: debtor.servicePointId, idempotencyKey: 'restore-by-hand-1', note: 'please' };
    await requestRestore(relight.ctx, restore, person('hotline'));
    await eventually(
      'it is ended unsent',
      async () => (await newestCommand(relight, debtor))!.code === 'CREDENTIALS_REFUSED',
    );
    expect(meter.orders).toEqual(['1a', '1c']);
    // Somebody puts it right and says so: power comes back by itself.
    delete meter.faults.refuse;
    const clear = {
      meterId: debtor.meterId,
      note: 'the password was set anew',
      idempotencyKey: 'clear-the-password-1',
    };
    const { restoreCommandIds } = await clearRefusedCredentials(relight.ctx, clear, person('supervisor'));
    expect(restoreCommandIds).toHaveLength(1);
    await verified(debtor, 'RESTORE');
    expect(meter.orders).toEqual(['1a', '1c', '1c']);
  });

  test('without a master secret nothing is guessed: commands end saying what is missing', async () => {
    const debtor = one();
    const { meterSecrets } = relight.ctx;
    await relight.headEnd.stop();
    Object.assign(relight.ctx, { meterSecrets: undefined });
    relight.headEnd = relight.startHeadEnd();
    await orderCut(relight, debtor);
    expect((await ended(debtor, 'REJECTED')).code).toBe('NO_METER_SECRETS');
    expect(line.meter(debtor.serial).orders).toEqual([]);
    await relight.headEnd.stop();
    Object.assign(relight.ctx, { meterSecrets });
    relight.headEnd = relight.startHeadEnd();
  });

  test.each([
    ['time', 2 * 60 * MINUTE, ['04000102']],
    ['date and time', 400 * 24 * 60 * MINUTE + 2 * 60 * MINUTE, ['04000101', '04000102']],
  ])(
    'a clock with a wrong %s is read, set and read again, and the restore goes on',
    async (_what, offsetMs, writes) => {
      const debtor = one();
      await cutAll(relight, [debtor]);
      const meter = line.meter(debtor.serial);
      meter.clockOffsetMs = offsetMs;
      // Only a restore that is out of date by the meter's clock is refused: its validity is a week.
      if (offsetMs < 7 * 24 * 60 * MINUTE) meter.clockOffsetMs = 0;
      if (meter.clockOffsetMs === 0) {
        meter.faults.refuse = '1000';
        meter.clockOffsetMs = offsetMs;
      }
      await payInFull(relight, debtor);
      await eventually('the clock is set', () => Math.abs(meter.clockOffsetMs) < MINUTE);
      delete meter.faults.refuse;
      await verified(debtor, 'RESTORE');
      expect(meter.writes).toEqual(writes);
      const acts = async () =>
        (
          await relight.sql<{ act: string }>(
            `SELECT a.act FROM audit_entry a JOIN meter_clock_correction c ON c.id = a.subject_id WHERE c.meter_id = $1 ORDER BY a.id`,
            [debtor.meterId],
          )
        ).map(({ act }) => act);
      await eventually('it is on record', async () => (await acts()).at(-1) === 'meter-clock.ended');
      expect(await acts()).toEqual([
        'meter-clock.found-wrong',
        ...writes.map(() => 'meter-clock.set'),
        'meter-clock.ended',
      ]);
    },
  );

  test('a clock that cannot be set is given up after a few orders, with a work order', async () => {
    const debtor = one();
    const meter = line.meter(debtor.serial);
    meter.clockOffsetMs = -30 * MINUTE;
    meter.faults.clockStuck = true;
    const frames = ['04000101', '04000102'].map((di) => meter.answer(readFrame(debtor.serial, di))!);
    await line.send([line.answerOf(debtor.serial, { cause: 'periodic', frames })]);
    await eventually('it is given up', async () => {
      const rows = await relight.sql<{ state: string; attempts: number }>(
        `SELECT state, attempts FROM meter_clock_correction WHERE meter_id = $1`,
        [debtor.meterId],
      );
      return rows[0]?.state === 'GIVEN_UP' && rows[0].attempts === 4;
    });
    expect(await workOrders(relight, debtor)).toMatchObject([{ kind: 'CHECK_INSTALLATION', state: 'OPEN' }]);
  });

  test('a lying concentrator, frames cut in the middle or changed: each answer for itself, with its bytes', async () => {
    const debtor = one();
    const other = one();
    const status = line.meter(debtor.serial).status();
    const before = (await quarantined()).length;
    const bad: [string, Answer][] = [
      ['FRAME_CUT_OFF', line.answerOf(debtor.serial, { frames: [status.slice(0, -8)] })],
      ['FRAME_CHECKSUM', line.answerOf(debtor.serial, { frames: [`${status.slice(0, -4)}0016`] })],
      ['WRONG_ADDRESS', line.answerOf(debtor.serial, { frames: [line.meter(other.serial).status()] })],
      ['NOT_A_REPLY', line.answerOf(debtor.serial, { frames: [readFrame(debtor.serial, '04000503')] })],
      ['UNKNOWN_METER', { ...line.answerOf(debtor.serial, { frames: [status] }), meter: '999999999998' }],
      ['FRAME_CUT_OFF', line.answerOf(debtor.serial, { frames: ['68'] })],
    ];
    const good = line.answerOf(other.serial, { frames: [line.meter(other.serial).status()] });
    await line.send([...bad.map(([, answer]) => answer), good]);
    await eventually('the good answer between bad ones is taken', async () => {
      const [row] = await relight.sql<{ relay: string | null }>(
        `SELECT reported_relay AS relay FROM meter WHERE id = $1`,
        [other.meterId],
      );
      return row!.relay === 'CLOSED';
    });
    const rejects = (await quarantined()).slice(before);
    expect(rejects.map(({ code }) => code)).toEqual(bad.map(([code]) => code));
    expect(JSON.parse(rejects[0]!.payload.toString())).toMatchObject({
      meter: debtor.serial,
      frames: [status.slice(0, -8)],
    });
    const [row] = await relight.sql<{ at: Date | null }>(`SELECT reported_at AS at FROM meter WHERE id = $1`, [
      debtor.meterId,
    ]);
    expect(row!.at).toBeNull();
  });

  test('forged, signed by somebody else, for somebody else, and played again', async () => {
    const debtor = one();
    const meter = line.meter(debtor.serial);
    await cutAll(relight, [debtor]);
    const relay = async () =>
      (
        await relight.sql<{ relay: string }>(`SELECT reported_relay AS relay FROM meter WHERE id = $1`, [
          debtor.meterId,
        ])
      )[0]!.relay;
    const before = (await quarantined()).length;
    meter.open = false;
    const lie = line.answerOf(debtor.serial, { frames: [meter.status()] });
    meter.open = true;
    await line.send([lie], METER_KEY);
    await line.send([lie], line.key, debtor.serial);
    // An old answer, rightly signed: an older sequence does not replace a newer word.
    await line.send([{ ...lie, lastSequence: 0 }]);
    await eventually('both forgeries are in quarantine', async () => (await quarantined()).length >= before + 2);
    expect((await quarantined()).slice(before).map(({ code }) => code)).toEqual(['BAD_SIGNATURE', 'WRONG_SIGNER']);
    expect(await relay()).toBe('OPEN');
    expect((await newestCommand(relight, debtor))!.state).toBe('VERIFIED');
  });
});

/** A read request, written by hand. */
function readFrame(serial: string, identifier: string): string {
  const bytes = Buffer.concat([
    Buffer.from([0x68]),
    Buffer.from(serial, 'hex').reverse(),
    Buffer.from([0x68, 0x11, 4]),
    Buffer.from(identifier, 'hex')
      .reverse()
      .map((byte) => (byte + 0x33) % 256),
  ]);
  return Buffer.concat([bytes, Buffer.from([bytes.reduce((sum, byte) => (sum + byte) % 256, 0), 0x16])]).toString(
    'hex',
  );
}
