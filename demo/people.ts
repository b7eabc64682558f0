import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';
import { drawStanding } from '../src/simulation/place-standing.js';
import type { WorldPlan } from '../src/simulation/world.js';
import { chosen } from './random.js';
import type { CustomerBehaviour, DebtorBehaviour, Scenario } from './scenario.js';

/** A household of the district, with how its people behave this month. */
export interface Household {
  readonly accountId: string;
  readonly accountNumber: string;
  readonly servicePointId: string;
  readonly servicePointNumber: string;
  readonly meterId: string;
  readonly serial: string;
  /** Owed older bills when the month began. */
  readonly debtor: boolean;
  readonly behaviour: CustomerBehaviour | DebtorBehaviour;
  /** No message reaches anybody under the number on file. */
  readonly unreachable: boolean;
}

const HOUSEHOLDS = statement(
  'demo-people-households',
  `SELECT a.id AS "accountId", a.account_number AS "accountNumber", sp.id AS "servicePointId", sp.service_point_number AS "servicePointNumber",
          m.id AS "meterId", m.serial,
          EXISTS (SELECT FROM bill b WHERE b.account_id = a.id AND b.paid_minor < b.total_minor) AS debtor
   FROM account a JOIN service_point sp ON sp.account_id = a.id
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL JOIN meter m ON m.id = i.meter_id
   ORDER BY a.account_number`,
);

/** Everybody in the order of their account numbers. */
export async function householdsOf(
  ctx: Pick<FlowContext, 'db'>,
  scenario: Scenario,
  plan: WorldPlan,
): Promise<Household[]> {
  const rows = await ctx.db.rows<Omit<Household, 'behaviour' | 'unreachable'>>(HOUSEHOLDS);
  return rows.map((row) => {
    const about = `behaviour ${row.accountNumber}`;
    const { contact } = drawStanding(plan, { accountNumber: row.accountNumber, inArrears: row.debtor });
    return {
      ...row,
      behaviour: row.debtor
        ? chosen(scenario.seed, about, scenario.debtors)
        : chosen(scenario.seed, about, scenario.customers),
      unreachable: contact === 'WRONG_PERSON',
    };
  });
}
