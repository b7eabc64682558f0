import { districtCondition, type DistrictFacts } from '../../src/service/outage-policy.js';

const CALM: DistrictFacts = { meters: 200, dark: 0, concentratorsDark: 0, gatewaysOffline: 0 };

test.each<[string, Partial<DistrictFacts>, string]>([
  ['everything speaks', {}, 'NORMAL'],
  ['the concentrator is gone without a word', { gatewaysOffline: 1 }, 'COMMUNICATION_LOST'],
  ['the concentrator said its last gasp', { concentratorsDark: 1, gatewaysOffline: 1 }, 'OUTAGE'],
  ['a house of its own', { dark: 1 }, 'NORMAL'],
  ['39 of 200', { dark: 39 }, 'NORMAL'],
  ['40 of 200', { dark: 40 }, 'OUTAGE'],
  ['two of a hamlet of four: too few to tell', { meters: 4, dark: 2 }, 'NORMAL'],
  ['three of four', { meters: 4, dark: 3 }, 'OUTAGE'],
  ['a few dark houses behind a lost connection', { dark: 2, gatewaysOffline: 1 }, 'COMMUNICATION_LOST'],
])('%s', (_name, facts, condition) => {
  expect(districtCondition({ ...CALM, ...facts }).condition).toBe(condition);
});
