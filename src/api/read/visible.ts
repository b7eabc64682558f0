import { isGiven } from '../given.js';
import type { Finder } from './finder.js';
import type { NodeName, NodeRows } from './rows.js';

type Check<Name extends NodeName> = (scope: Finder, row: NodeRows[Name]) => Promise<boolean> | boolean;

/** True when the account exists within the viewer's reach. */
const accountInReach = async (scope: Finder, accountId: string | null | undefined): Promise<boolean> =>
  (await scope.find('Account', accountId)) !== null;

const districtInReach = async (scope: Finder, districtId: string): Promise<boolean> => {
  const reach = await scope.reach();
  return (reach.kind === 'DISTRICTS' || reach.kind === 'ACCOUNTS') && reach.districtIds.includes(districtId);
};

/** As above, for what is the staff's business and not the customers'. */
const districtStaffInReach = async (scope: Finder, districtId: string): Promise<boolean> => {
  const reach = await scope.reach();
  return reach.kind === 'DISTRICTS' && reach.districtIds.includes(districtId);
};

const ofAccount = (scope: Finder, row: { readonly accountId: string }): Promise<boolean> =>
  accountInReach(scope, row.accountId);

/** For viewers whose reach is not everything: whether they can see this row. Every type must say it. */
const CHECKS: { readonly [Name in NodeName]: Check<Name> } = {
  Account: async (scope, account) => {
    const reach = await scope.reach();
    if (reach.kind === 'ACCOUNTS') return reach.accountIds.includes(account.id);
    return reach.kind === 'DISTRICTS' ? reach.districtIds.includes(account.districtId) : reach.kind === 'BANK';
  },
  AuditEntry: (scope, entry) => accountInReach(scope, entry.accountId),
  Bill: ofAccount,
  BillingRun: async (scope, run) => isGiven(run.districtId) && districtInReach(scope, run.districtId),
  CompensationCase: ofAccount,
  Customer: async (scope, customer) => {
    const accounts = await scope.related('accountsOfCustomer', customer.id);
    const visible = await Promise.all(accounts.map((account) => CHECKS.Account(scope, account)));
    return visible.includes(true);
  },
  CutBatch: (scope, batch) => districtStaffInReach(scope, batch.districtId),
  CutDryRun: async (scope, run) =>
    typeof run.districtId === 'string' && (await districtStaffInReach(scope, run.districtId)),
  // Thresholds are the company's; whoever sees only a part of it has no business with them.
  CutThresholdChange: () => false,
  FollowUp: ofAccount,
  Gateway: async (scope, gateway) => {
    const reach = await scope.reach();
    return reach.kind === 'DISTRICTS' && reach.districtIds.includes(gateway.districtId);
  },
  Hold: ofAccount,
  Interruption: ofAccount,
  LateFeeWaiver: ofAccount,
  LedgerEntry: async (scope, entry) =>
    (await accountInReach(scope, entry.debitAccountId)) || (await accountInReach(scope, entry.creditAccountId)),
  Meter: async (scope, meter) => {
    const [installation] = await scope.related('installationOfMeterNow', meter.id);
    return installation ? (await scope.find('ServicePoint', installation.servicePointId)) !== null : false;
  },
  MeterInstallation: async (scope, installation) =>
    (await scope.find('ServicePoint', installation.servicePointId)) !== null,
  Notice: ofAccount,
  Outage: (scope, outage) => districtInReach(scope, outage.districtId),
  Payment: async (scope, payment) => {
    const reach = await scope.reach();
    if (reach.kind === 'BANK') return payment.postedBy === reach.subject;
    return accountInReach(scope, payment.accountId);
  },
  RestoreBreach: ofAccount,
  RestoreCode: ofAccount,
  ServicePoint: ofAccount,
  SwitchCommand: ofAccount,
  TransformerDistrict: (scope, district) => districtInReach(scope, district.id),
  WorkOrder: ofAccount,
};

/** Whether the viewer can see this row. Out of reach is answered like "does not exist", so that nothing is given away. */
export async function isVisible<Name extends NodeName>(
  scope: Finder,
  name: Name,
  row: NodeRows[Name],
): Promise<boolean> {
  return (await scope.reach()).kind === 'ALL' || CHECKS[name](scope, row);
}
