/** What befalls accounts and their customers: bills, money, protections, causes, contacts, pauses, meters. */
import { lockAccount, lockAccounts } from '../../src/accounts/accounts.js';
import type { ProtectionKind } from '../../src/accounts/customer.js';
import { insertBills } from '../../src/billing/bill-insert.js';
import type { PaymentChannel } from '../../src/billing/payment.js';
import { exchangeMeter } from '../../src/flows/exchange-meter.js';
import { pauseDunning, resumeDunning } from '../../src/flows/pause-dunning.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { endProtection, recordProtectionInquiry } from '../../src/flows/record-protection.js';
import { recordArrearsCause, recordContactProof } from '../../src/flows/record-standing.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { insertInstallations, removeInstallation } from '../../src/metering/installations.js';
import { newId } from '../../src/platform/ids.js';
import { UserError } from '../../src/platform/errors.js';
import { newKey } from '../flow/support/houses.js';
import { person } from '../support/test-relight.js';
import { Book } from './histories-book.js';
import { endHoldOf, openHoldOf } from './histories-holds.js';
import { isOff, openHolds, protections } from './histories-oracle.js';
import { dateOf, dayAt, type Story } from './histories-story.js';
import type { Table } from './histories-table.js';

const CLERK = person('exam-clerk');
const KINDS: readonly ProtectionKind[] = [
  'LIFE_SUPPORT',
  'MEDICAL',
  'LONE_ELDERLY',
  'LOW_INCOME',
  'INFANT',
  'DISABLED',
  'IMPORTANT_USER',
  'IMPORTANT_USER',
];
const CAUSES = [
  'FORGOT',
  'FORGOT',
  'FORGOT',
  'FORGOT',
  'MALICIOUS',
  'MALICIOUS',
  'MALICIOUS',
  'MALICIOUS',
  'AWAY',
  'TENANT',
  'HARDSHIP',
  'DISPUTE',
  'BANK_LATE',
] as const;
const CHANNELS: readonly PaymentChannel[] = ['MOBILE_APP', 'BANK', 'COUNTER_CHEQUE', 'COUNTER_CASH'];

/** How many of all accounts a full moment touches. */
const LIVELINESS = 0.25;

/** One of these, or nothing, befalls every account at this moment. */
export async function live(table: Table, ms: number, liveliness: number): Promise<void> {
  // Money of one instant cannot be told apart from what follows it, so bills come a little earlier.
  await billSome(table, ms - 30_000, 0.16 * liveliness);
  await table.each(table.stories, async (story) => {
    if (!story.dice.chance(LIVELINESS * liveliness)) return;
    const book = new Book(story);
    const off = isOff(story);
    const acts: readonly (readonly [number, (table: Table, story: Story, ms: number) => Promise<void>])[] = [
      [off ? 120 : book.unpaid.length > 0 ? 14 : 4, pay],
      [story.all('paid').length > 0 ? 5 : 0, reverse],
      [story.last('asked') ? 3 : 15, ask],
      [protections(story, dayAt(ms)).length > 0 ? 25 : 0, unprotect],
      [8, openHoldOf],
      [openHolds(story).length > 0 ? 50 : 0, endHoldOf],
      [8, tryContact],
      [story.last('cause') ? 6 : 30, findCause],
      [2, pause],
      [1, resume],
      [2, exchange],
      [off || story.last('meter')!.installation === null ? 0 : 2, takeMeterOff],
      [40, () => Promise.resolve()],
    ];
    let at = story.dice.below(acts.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, act] of acts) {
      if (at < weight) {
        return story.last('meter')!.installation === null ? putMeterBack(table, story, ms) : act(table, story, ms);
      }
      at -= weight;
    }
  });
  await table.readFees();
}

/** Bills for some accounts: due soon, or long ago, as if the history had begun earlier. */
export async function billSome(table: Table, ms: number, chance: number): Promise<void> {
  const today = dayAt(ms);
  const bills = table.stories.flatMap((story) => {
    const { dice } = story;
    const open = new Book(story).unpaid.length;
    if (!dice.chance(open === 0 ? chance : chance / 8)) return [];
    const due = today - (dice.chance(0.75) ? 27 + dice.below(25) : dice.below(110) - 15);
    // Periods and due dates are each an account's own.
    if (story.dueDays.has(due)) return [];
    story.dueDays.add(due);
    const fen = dice.chance(0.1) ? BigInt(1 + dice.below(1_100)) : BigInt(1_000 + dice.below(60_000));
    const bill = { id: newId(), due, readOn: due - 15, fen, estimated: dice.chance(0.08) };
    return [{ story, bill }];
  });
  if (bills.length === 0) return;
  await table.relight.ctx.db.transaction('exam-bills', async (tx) => {
    await lockAccounts(tx, bills.map(({ story }) => story.accountId).toSorted());
    const wanted = bills.map(({ story, bill }) => ({
      id: bill.id,
      accountId: story.accountId,
      servicePointId: story.servicePointId,
      periodFrom: dateOf(bill.readOn - 1),
      periodTo: dateOf(bill.readOn),
      energyWh: 1_000n,
      estimated: bill.estimated,
      dueDate: dateOf(bill.due),
      currency: 'CNY',
      totalMinor: bill.fen,
      lines: [
        {
          kind: 'ENERGY' as const,
          tariffCode: 'HUBEI-COMMERCIAL',
          tier: 1,
          energyWh: 1_000n,
          unitPriceMicro: 1_000_000n,
          amountMinor: bill.fen,
        },
      ],
    }));
    const issued = await insertBills(tx, wanted, new Date(ms), CLERK);
    if (issued.length !== wanted.length) throw new Error(`${wanted.length} bills wanted, ${issued.length} issued`);
  });
  for (const { story, bill } of bills) story.add(ms, { what: 'billed', ...bill });
  table.count('bill issued', bills.filter(({ bill }) => !bill.estimated).length);
  table.count('estimated bill issued', bills.filter(({ bill }) => bill.estimated).length);
}

async function pay(table: Table, story: Story, ms: number): Promise<void> {
  const { dice } = story;
  const book = new Book(story);
  const today = dayAt(ms);
  // Nobody here works out late fees: who wants to pay all pays generously.
  const due = book.owed;
  const fees = due / 8n + 200n;
  const late = book.unpaid.reduce((sum, { due: on, fen, paid }) => (on < today ? sum + fen - paid : sum), 0n);
  const [what, fen] = dice.pick([
    ['paid a part', due / 2n + 1n],
    ['paid what is overdue', late],
    ['paid all', due],
    ['paid all', due],
    ['paid all and the fees', due + fees],
    ['paid all and the fees', due + fees],
    ['paid too much', due + fees + BigInt(1 + dice.below(20_000))],
    ['paid one fen', 1n],
  ] as const);
  if (fen <= 0n) return;
  const valueDay = today - (dice.chance(0.25) ? dice.below(25) : 0) + (dice.chance(0.03) ? 2 : 0);
  const channel = dice.pick(CHANNELS);
  const receipt = await table.attempt(what, () =>
    receivePayment(
      table.ctx(ms),
      {
        idempotencyKey: newKey(),
        accountNumber: story.accountNumber,
        amountMinor: fen,
        currency: 'CNY',
        channel,
        valueDate: dateOf(valueDay),
      },
      person('exam-bank'),
    ),
  );
  if (!(receipt instanceof UserError)) story.add(ms, { what: 'paid', id: receipt.payment.id, fen, valueDay, channel });
}

async function reverse(table: Table, story: Story, ms: number): Promise<void> {
  const gone = new Set(story.all('reversed').map(({ id }) => id));
  const standing = story.all('paid').filter(({ id }) => !gone.has(id));
  if (standing.length === 0) return;
  const { id } = story.dice.pick(standing);
  const input = { paymentId: id, idempotencyKey: newKey(), reason: 'bounced' };
  const done = await table.attempt('payment reversed', () => reversePayment(table.ctx(ms), input, CLERK));
  if (!(done instanceof UserError)) story.add(ms, { what: 'reversed', id });
}

async function ask(table: Table, story: Story, ms: number): Promise<void> {
  const { dice } = story;
  const kind = dice.pick(KINDS);
  const protects = dice.chance(0.45);
  const until = protects && dice.chance(0.6) ? dayAt(ms) + dice.below(20) : null;
  const answer = { kind, protects, ...(until === null ? {} : { validUntil: dateOf(until) }) };
  const inquiry = { customerId: story.customerId, answers: [answer], note: 'exam', idempotencyKey: newKey() };
  const what = protects ? 'protection recorded' : 'asked about protections';
  const done = await table.attempt(what, () => recordProtectionInquiry(table.ctx(ms), inquiry, CLERK));
  if (done instanceof UserError) return;
  story.add(ms, { what: 'asked' });
  if (protects) story.add(ms, { what: 'protected', kind, until });
}

async function unprotect(table: Table, story: Story, ms: number): Promise<void> {
  const kind = story.dice.pick(protections(story, dayAt(ms))) as ProtectionKind;
  const ending = { customerId: story.customerId, kind, note: 'moved out', idempotencyKey: newKey() };
  const actor = story.dice.chance(0.9) ? person('exam-visitor') : CLERK;
  const done = await table.attempt('protection ended', () => endProtection(table.ctx(ms), ending, actor));
  if (!(done instanceof UserError)) story.add(ms, { what: 'unprotected', kind });
}

async function tryContact(table: Table, story: Story, ms: number): Promise<void> {
  const { dice } = story;
  const kind = dice.pick(['MOBILE', 'MOBILE', 'LANDLINE'] as const);
  const contact = kind === 'MOBILE' ? story.mobile : story.landline;
  const outcome = dice.pick(['REACHED', 'REACHED', 'REACHED', 'NOT_REACHED', 'WRONG_PERSON', 'INVALID'] as const);
  const whenMs = ms - dice.below(3) * 3_600_000;
  const report = { accountId: story.accountId, contact: { kind, value: contact.value }, outcome, how: 'CALL' } as const;
  const rest = { at: new Date(whenMs), note: 'exam', idempotencyKey: newKey() };
  await table.attempt(`contact ${outcome}`, () => recordContactProof(table.ctx(ms), { ...report, ...rest }, CLERK));
  story.add(ms, { what: 'tried', contact: contact.id, whenMs, outcome });
}

async function findCause(table: Table, story: Story, ms: number): Promise<void> {
  const cause = story.dice.pick(CAUSES);
  const report = { accountId: story.accountId, cause, note: 'exam', idempotencyKey: newKey() };
  await table.attempt('cause found', () => recordArrearsCause(table.ctx(ms), report, CLERK));
  story.add(ms, { what: 'cause', cause });
}

async function pause(table: Table, story: Story, ms: number): Promise<void> {
  const request = {
    accountId: story.accountId,
    days: 1 + story.dice.below(10),
    note: 'exam',
    idempotencyKey: newKey(),
  };
  const done = await table.attempt('dunning paused', () => pauseDunning(table.ctx(ms), request, CLERK));
  if (!(done instanceof UserError)) story.add(ms, { what: 'paused', until: dayAt(ms) + request.days - 1 });
}

async function resume(table: Table, story: Story, ms: number): Promise<void> {
  const request = { accountId: story.accountId, note: 'exam', idempotencyKey: newKey() };
  const done = await table.attempt('dunning resumed', () => resumeDunning(table.ctx(ms), request, CLERK));
  if (!(done instanceof UserError)) story.add(ms, { what: 'resumed' });
}

let meters = 0;
/** A meter in the store; the number is new in this process, and the exam never reads it. */
async function storedMeter(table: Table, story: Story): Promise<{ id: string; serial: string }> {
  const serial = `7799${String((meters += 1)).padStart(8, '0')}`;
  const id = newId();
  await table.sql(
    `INSERT INTO meter (id, serial, gateway_id, reconnect_mode, public_key) SELECT $1, $2, gateway_id, 'DIRECT', public_key FROM meter WHERE id = $3`,
    [id, serial, story.meterId],
  );
  return { id, serial };
}

async function exchange(table: Table, story: Story, ms: number): Promise<void> {
  const { id, serial } = await storedMeter(table, story);
  const wh = { removedWh: 1_000_000n, installedWh: 0n };
  const change = {
    servicePointId: story.servicePointId,
    newMeterId: id,
    ...wh,
    note: 'exam',
    idempotencyKey: newKey(),
  };
  const done = await table.attempt('meter exchanged', () => exchangeMeter(table.ctx(ms), change, CLERK));
  if (done instanceof UserError) return;
  newMeter(story, ms, { id, serial, installationId: done.installationId });
}

function newMeter(story: Story, ms: number, on: { id: string; serial: string; installationId: string }) {
  Object.assign(story, { meterId: on.id, serial: on.serial, installationId: on.installationId });
  story.add(ms, { what: 'meter', installation: on.installationId });
}

/** Somebody takes the meter off on site and tells only the record of installations: an order that waits must notice by itself. */
async function takeMeterOff(table: Table, story: Story, ms: number): Promise<void> {
  await table.relight.ctx.db.transaction('exam-meter-off', async (tx) => {
    await lockAccount(tx, story.accountId);
    const removal = { id: story.installationId, removedWh: 1_000_000n, reason: 'taken off on site' };
    await removeInstallation(tx, removal, new Date(ms), CLERK);
  });
  table.count('meter taken off');
  story.add(ms, { what: 'meter', installation: null });
}

export async function putMeterBack(table: Table, story: Story, ms: number): Promise<void> {
  const installationId = newId();
  const { meterId, servicePointId, serial } = story;
  await table.relight.ctx.db.transaction('exam-meter-on', async (tx) => {
    await lockAccount(tx, story.accountId);
    const back = { id: installationId, meterId, servicePointId, installedAt: new Date(ms), installedWh: 1_000_000n };
    await insertInstallations(tx, [back], new Date(ms), CLERK);
  });
  table.count('meter put back');
  newMeter(story, ms, { id: meterId, serial, installationId });
}
