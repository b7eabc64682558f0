import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';
import { localDate } from '../src/platform/local-date.js';
import type { Field } from './field.js';
import { ledgerFaults } from './ledger-faults.js';

// Written anew from the rules, not from the code that decides: what stood at the instant a cut was sent. $1 the zone, $2 local days on which
// nobody may be cut, $3 the least debt.
const WRONGFUL_CUTS = statement(
  'demo-checks-wrongful-cuts',
  `WITH cut AS (
     SELECT c.id, a.id AS account_id, a.account_number, a.customer_id, c.sent_at, (c.sent_at AT TIME ZONE $1) AS local_at
     FROM switch_command c JOIN account a ON a.id = c.account_id WHERE c.operation = 'CUT' AND c.sent_at IS NOT NULL)
   SELECT 'protected account ' || account_number || ' was cut' AS fault FROM cut
     WHERE EXISTS (SELECT FROM protection p WHERE p.customer_id = cut.customer_id AND p.created_at <= cut.sent_at AND (p.ended_at IS NULL OR p.ended_at > cut.sent_at))
   UNION ALL SELECT 'account ' || account_number || ', never asked about protections, was cut' FROM cut
     WHERE (SELECT protection_asked_on FROM customer k WHERE k.id = cut.customer_id) IS NULL
   UNION ALL SELECT 'account ' || account_number || ' was cut during a hold' FROM cut
     WHERE EXISTS (SELECT FROM hold h WHERE h.account_id = cut.account_id AND h.opened_at <= cut.sent_at AND (h.closed_at IS NULL OR h.closed_at > cut.sent_at))
   UNION ALL SELECT 'paid account ' || account_number || ' was cut' FROM cut
     WHERE (SELECT coalesce(sum(b.total_minor - coalesce((SELECT sum(x.principal_minor) FROM payment_allocation x WHERE x.bill_id = b.id AND x.at <= cut.sent_at), 0)), 0)
            FROM bill b WHERE b.account_id = cut.account_id AND b.due_date < local_at::date - 30) < $3
   UNION ALL SELECT 'account ' || account_number || ' was cut without its notice' FROM cut
     WHERE NOT EXISTS (SELECT FROM notice n WHERE n.account_id = cut.account_id AND n.purpose = 'CUT_NOTICE' AND n.state = 'SERVED' AND n.proof_kind IS NOT NULL
                         AND local_at::date - (n.served_at AT TIME ZONE $1)::date BETWEEN 3 AND 7)
   UNION ALL SELECT 'account ' || account_number || ' was cut without its last call' FROM cut
     WHERE NOT EXISTS (SELECT FROM notice n WHERE n.account_id = cut.account_id AND n.purpose = 'LAST_CALL' AND n.state = 'SERVED'
                         AND cut.sent_at - n.served_at BETWEEN interval '30 minutes' AND interval '2 hours')
   UNION ALL SELECT 'account ' || account_number || ' was cut at ' || local_at FROM cut
     WHERE extract(isodow FROM local_at) > 4 OR local_at::time < '09:00' OR local_at::time >= '15:00' OR local_at::date = ANY($2::date[])
   UNION ALL SELECT 'account ' || account_number || ' was cut by one person alone' FROM cut
     WHERE NOT EXISTS (SELECT FROM switch_command c JOIN cut_approval p ON p.batch_id = c.batch_id WHERE c.id = cut.id AND p.approved_by <> c.requested_by)`,
);

const SUPPLIES = statement(
  'demo-checks-supplies',
  `SELECT a.account_number AS "accountNumber", m.serial,
          EXISTS (SELECT FROM bill b WHERE b.account_id = a.id AND b.due_date < $1::date
                  AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor)) AS overdue,
          EXISTS (SELECT FROM interruption i WHERE i.service_point_id = sp.id AND i.closed_at IS NULL) AS interrupted,
          EXISTS (SELECT FROM switch_command c WHERE c.meter_id = m.id AND c.ended_at IS NULL) AS "underWay",
          EXISTS (SELECT FROM work_order w WHERE w.service_point_id = sp.id AND w.state = 'OPEN') AS "fieldWork"
   FROM account a JOIN service_point sp ON sp.account_id = a.id
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL JOIN meter m ON m.id = i.meter_id ORDER BY 1`,
);

const SENT = statement('demo-checks-sent', `SELECT id, operation FROM switch_command WHERE sent_at IS NOT NULL`);

/** The least principal for which anybody is cut, minor units (policy CHINA-POSTPAID). */
const MIN_DEBT_MINOR = 1_000;

/** Every way in which the month went wrong, in words; empty when all is well. Relays are looked at themselves, not at what is on record. */
export async function monthFaults(ctx: FlowContext, field: Field, days: readonly string[]): Promise<string[]> {
  const forbidden = days.filter((day) => ctx.holidays.isHoliday(day) || ctx.holidays.isHolidayEve(day));
  const wrongful = await ctx.db.rows<{ fault: string }>(WRONGFUL_CUTS, [ctx.timeZone, forbidden, MIN_DEBT_MINOR]);
  return [
    ...(await ledgerFaults(ctx.db)),
    ...wrongful.map(({ fault }) => fault).sort(),
    ...(await supplyFaults(ctx, field)),
    ...(await relayFaults(ctx, field)),
  ];
}

async function supplyFaults(ctx: FlowContext, field: Field): Promise<string[]> {
  const today = localDate(ctx.clock.now(), ctx.timeZone);
  const supplies = await ctx.db.rows<{
    accountNumber: string;
    serial: string;
    overdue: boolean;
    interrupted: boolean;
    underWay: boolean;
    fieldWork: boolean;
  }>(SUPPLIES, [today]);
  return supplies.flatMap(({ accountNumber, serial, overdue, interrupted, underWay, fieldWork }) => {
    const lit = field.meters.get(serial)!.relayClosed;
    const faults: string[] = [];
    if (!overdue && interrupted) faults.push(`account ${accountNumber} owes nothing overdue and is still interrupted`);
    if (!interrupted && !lit && !underWay && !fieldWork)
      faults.push(`account ${accountNumber} is dark, and power is due`);
    if (interrupted && lit && !underWay && !fieldWork)
      faults.push(`account ${accountNumber} is lit, and power is not due`);
    return faults;
  });
}

/** Every movement of every relay was ordered by a command that was sent, each at most once. */
async function relayFaults(ctx: FlowContext, field: Field): Promise<string[]> {
  const rows = await ctx.db.rows<{ id: string; operation: string }>(SENT);
  const sent = new Map(rows.map(({ id, operation }) => [id, operation]));
  return [...field.meters.values()].flatMap(({ serial, relayLog = [] }) => {
    const seen = new Set<string>();
    return relayLog.flatMap(({ to, commandId }) => {
      const ordered = sent.get(commandId) === (to === 'open' ? 'CUT' : 'RESTORE');
      const again = seen.has(commandId);
      seen.add(commandId);
      return ordered && !again
        ? []
        : [`meter ${serial} moved to ${to} ${again ? 'twice for one command' : 'without an order'}`];
    });
  });
}
