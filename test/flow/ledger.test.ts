import fc from 'fast-check';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { pay } from './support/acts.js';
import { statementOf, buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { balanceOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 4, months: 3, arrearsShare: 0.5 } });
});
afterAll(() => relight.stop());

test('the history of a simulated world balances', async () => {
  const [count] = await relight.sql<{ bills: bigint; payments: bigint }>(
    'SELECT (SELECT count(*) FROM bill) AS bills, (SELECT count(*) FROM payment) AS payments',
  );
  expect(count!.bills).toBe(12n);
  expect(count!.payments).toBeGreaterThan(0n);
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
});

describe('what is written stays written, whoever asks', () => {
  const refused = (text: string) =>
    expect(relight.ctx.db.rows(statementOf(text))).rejects.toMatchObject({ code: '23001' });

  test.each(['ledger_entry', 'audit_entry'])('%s', async (table) => {
    await refused(`UPDATE ${table} SET at = at`);
    await refused(`DELETE FROM ${table}`);
    await refused(`TRUNCATE ${table} CASCADE`);
  });

  test('a switch command is never deleted', async () => {
    await refused('DELETE FROM switch_command');
    await refused('TRUNCATE switch_command CASCADE');
  });

  test.each<[what: string, text: string, constraint: string]>([
    [
      'an entry of nothing',
      `INSERT INTO ledger_entry (at, kind, debit_code, credit_code, amount_minor, currency) VALUES (now(), 'PAYMENT', 'CASH', 'SUSPENSE', 0, 'CNY')`,
      'ledger_entry_amount_minor_check',
    ],
    [
      'a negative entry',
      `INSERT INTO ledger_entry (at, kind, debit_code, credit_code, amount_minor, currency) VALUES (now(), 'PAYMENT', 'CASH', 'SUSPENSE', -1, 'CNY')`,
      'ledger_entry_amount_minor_check',
    ],
    [
      'a receivable of nobody',
      `INSERT INTO ledger_entry (at, kind, debit_code, credit_code, amount_minor, currency) VALUES (now(), 'BILL', 'RECEIVABLE', 'REVENUE', 1, 'CNY')`,
      'ledger_entry_check',
    ],
    [
      'cash of a customer',
      `INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, amount_minor, currency) SELECT now(), 'PAYMENT', 'CASH', id, 'SUSPENSE', 1, 'CNY' FROM account LIMIT 1`,
      'ledger_entry_check',
    ],
    ['a bill paid beyond its total', `UPDATE bill SET paid_minor = total_minor + 1`, 'bill_paid_within_total'],
    ['a bill paid below nothing', `UPDATE bill SET paid_minor = -1`, 'bill_paid_within_total'],
    ['a credit below nothing', `UPDATE account SET credit_minor = -1`, 'account_credit_minor_check'],
  ])('the database refuses %s', async (_what, text, constraint) => {
    await expect(relight.ctx.db.rows(statementOf(text))).rejects.toMatchObject({
      code: '23514',
      constraint,
    });
  });

  test('an entry is reversed at most once', async () => {
    const house = await buildHouse(relight);
    const { payment } = await pay(relight, house, 5n);
    await reversePayment(
      relight.ctx,
      { paymentId: payment.id, idempotencyKey: newKey(), reason: 'recalled' },
      person('cashier'),
    );
    const again = `INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, amount_minor, currency, reverses_entry_id)
                   SELECT at, 'REVERSAL', credit_code, credit_account_id, debit_code, amount_minor, currency, id FROM ledger_entry WHERE payment_id = '${payment.id}' AND kind = 'PAYMENT'`;
    await expect(relight.ctx.db.rows(statementOf(again))).rejects.toMatchObject({
      code: '23505',
      constraint: 'ledger_entry_reverses_entry_id_key',
    });
  });
});

describe('the checker itself finds what is wrong', () => {
  // Each is done and undone inside one transaction that is rolled back.
  test.each<[what: string, text: string, fault: RegExp]>([
    ['a cached due', 'UPDATE account SET due_minor = due_minor + 1', /says due .* its ledger says/],
    ['a cached credit', 'UPDATE account SET credit_minor = credit_minor + 1', /says credit .* its ledger says/],
    [
      'a bill marked paid',
      'UPDATE bill SET paid_minor = total_minor WHERE paid_minor = 0',
      /says paid .* allocations say/,
    ],
    [
      'an allocation of nothing',
      'UPDATE payment_allocation SET principal_minor = principal_minor - 1',
      /settles .* to credit/,
    ],
    ['a payment grown by a fen', `UPDATE payment SET amount_minor = amount_minor + 1`, /its entries are/],
    [
      'a payment that vanished from suspense',
      `UPDATE payment SET state = 'SUSPENSE', account_id = NULL`,
      /^suspense in CNY/,
    ],
    ['a line of a bill', 'UPDATE bill_line SET amount_minor = amount_minor + 1', /its lines are/],
  ])('%s', async (_what, text, fault) => {
    const rollback = new Error('roll back');
    let found: string[] = [];
    const doing = relight.ctx.db.transaction('test-tamper', async (tx) => {
      await tx.rows(statementOf(text));
      found = await ledgerFaults(tx);
      throw rollback;
    });
    await expect(doing).rejects.toBe(rollback);
    expect(found.join('\n')).toMatch(new RegExp(fault, 'm'));
    expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  });
});

/** What may happen to an account, and what must then be true of it: every fen is somewhere, once. */
interface Model {
  billedMinor: bigint;
  standingMinor: bigint;
}

test('whatever happens to an account in whatever order, no fen is lost or made', async () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('bill' as const), minor: fc.bigInt(1n, 20_000n) }),
    fc.record({ kind: fc.constant('pay' as const), minor: fc.bigInt(1n, 30_000n) }),
    fc.record({ kind: fc.constant('reverse' as const), which: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      const house: House = await buildDebtor(relight, 1_000n);
      const model: Model = { billedMinor: 1_000n, standingMinor: 0n };
      const standing: { id: string; minor: bigint }[] = [];
      let month = 0;
      for (const one of acts) {
        if (one.kind === 'bill') {
          month += 1;
          const day = `2026-01-${String(1 + month).padStart(2, '0')}`;
          await issueBill(relight, house, one.minor, { periodFrom: day, periodTo: '2026-03-01', dueDate: day });
          model.billedMinor += one.minor;
        } else if (one.kind === 'pay') {
          const { payment } = await pay(relight, house, one.minor);
          standing.push({ id: payment.id, minor: one.minor });
          model.standingMinor += one.minor;
        } else if (standing.length > 0) {
          const index = one.which % standing.length;
          const reversed = await reversePayment(
            relight.ctx,
            { paymentId: standing[index]!.id, idempotencyKey: newKey(), reason: 'recalled' },
            person('cashier'),
          ).then(
            () => true,
            (error: { code?: string }) => {
              if (error.code !== 'CREDIT_SPENT') throw error;
              return false;
            },
          );
          if (reversed) model.standingMinor -= standing.splice(index, 1)[0]!.minor;
        }
        const { dueMinor, creditMinor } = await balanceOf(relight, house);
        expect(dueMinor - creditMinor).toBe(model.billedMinor - model.standingMinor);
      }
    }),
    { numRuns: 25 },
  );
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
});
