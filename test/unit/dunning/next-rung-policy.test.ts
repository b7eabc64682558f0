import { nextRung, type NextRungFacts } from '../../../src/dunning/next-rung-policy.js';
import { CHINA } from '../../support/policies.js';

const POLICY = CHINA[0]!;
const SILENT: NextRungFacts = {
  end: 'SILENCE',
  rearms: 0,
  codeIssued: false,
  noCodeBecause: undefined,
  outage: null,
};
const NO_AUTOMATIC = { ...POLICY, restoreCode: { ...POLICY.restoreCode, automatic: false } };

test.each<[string, Partial<NextRungFacts>, typeof POLICY | undefined, string]>([
  ['silence: the code', {}, POLICY, 'CODE'],
  ['silence after a code', { codeIssued: true }, POLICY, 'VISIT'],
  ['nobody can be told', { noCodeBecause: 'no number of the customer is on file' }, POLICY, 'VISIT'],
  ['a company that sends no codes by itself', {}, NO_AUTOMATIC, 'VISIT'],
  ['no policy', {}, undefined, 'VISIT'],
  ['silence in an outage: it is explained', { outage: 'in the district' }, POLICY, 'WAIT'],
  ['the same without a policy', { outage: 'in the district' }, undefined, 'WAIT'],
  ['the button was not pressed', { end: 'ARM_EXPIRED' }, POLICY, 'REARM'],
  ['nor the second time', { end: 'ARM_EXPIRED', rearms: 1 }, POLICY, 'VISIT'],
  ['a company that arms once', { end: 'ARM_EXPIRED' }, { ...POLICY, arming: { ...POLICY.arming, rearms: 0 } }, 'VISIT'],
  ['an outage is no reason to leave a meter unarmed', { end: 'ARM_EXPIRED', outage: 'here' }, POLICY, 'REARM'],
])('%s', (_name, facts, policy, rung) => {
  expect(nextRung({ ...SILENT, ...facts }, policy).rung).toBe(rung);
});
