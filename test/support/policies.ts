import type { LateFeeRule } from '../../src/billing/late-fee-rule.js';
import { documentOf } from '../../src/dunning/policy-book.js';
import { policiesOf, type PoliciesInForce } from '../../src/dunning/policies-in-force.js';
import { dunningPolicySchema, type DunningPolicy } from '../../src/dunning/policy-schema.js';
import { chinaCostControl, chinaPostpaid } from '../../src/dunning/presets/china.js';

/** Policies as JSON, for a process of its own, which parses them again. */
export const policiesAsJson = (policies: readonly DunningPolicy[]): unknown[] => policies.map(documentOf);

/** The product's own policies of China, in full. */
export const CHINA: readonly DunningPolicy[] = [chinaPostpaid, chinaCostControl].map((document) =>
  dunningPolicySchema.parse(document),
);

/**
 * The same with only the notice of the cut as a step, and without late fees, last call, codes sent by themselves, and what must be found out about a customer: for
 * tests about something else, which keep their round amounts and need no thirty minutes.
 */
export const PLAIN_CHINA: readonly DunningPolicy[] = CHINA.map((policy) => ({
  ...policy,
  steps: policy.steps.filter(({ purpose }) => purpose === 'CUT_NOTICE'),
  lastCall: null,
  lateFee: null,
  // A meter that does not answer ends in a visit.
  restoreCode: { ...policy.restoreCode, automatic: false },
  volumeCap: { ...policy.volumeCap, perHour: 1_000_000, perDay: 1_000_000, perDistrictPercentPerHour: 100 },
  standing: {
    ...policy.standing,
    reachableContact: false,
    causeKnown: false,
    graceDaysByRating: {},
  },
}));

/** The plain policies, with late fees by this rule if there is one. */
export const plainChina = (lateFee: LateFeeRule | null = null): readonly DunningPolicy[] =>
  PLAIN_CHINA.map((policy) => ({ ...policy, lateFee }));

/** The same in force, without putting them on record: for a context made up in a test. */
export const plainInForce = (lateFee: LateFeeRule | null = null): PoliciesInForce =>
  policiesOf(plainChina(lateFee).map((policy) => ({ policy, version: 1 })));

/** The smallest debt anybody is cut for under these policies. */
export const MIN_DEBT_MINOR = PLAIN_CHINA[0]!.overdue.minDebtMinor;
