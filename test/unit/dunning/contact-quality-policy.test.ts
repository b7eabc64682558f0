import { contactQuality, type ContactFacts, type ContactVerdict } from '../../../src/dunning/contact-quality-policy.js';

const TODAY = '2026-03-10';
const contact = (change: Partial<ContactFacts> = {}): ContactFacts => ({
  contactId: 'c1',
  kind: 'MOBILE',
  valid: true,
  lastReachedOn: '2026-02-01',
  lastReachedAt: new Date('2026-02-01T02:00:00Z'),
  latest: ['REACHED'],
  ...change,
});

describe('whether a contact reaches somebody', () => {
  test.each<[what: string, contact: Partial<ContactFacts>, verdict: ContactVerdict]>([
    ['reached lately', {}, 'PROVEN'],
    ['reached today', { lastReachedOn: TODAY }, 'PROVEN'],
    ['reached twelve months ago', { lastReachedOn: '2025-03-10' }, 'PROVEN'],
    ['reached a day before that', { lastReachedOn: '2025-03-09' }, 'PROOF_TOO_OLD'],
    ['never tried', { lastReachedOn: null, lastReachedAt: null, latest: [] }, 'NEVER_PROVEN'],
    ['tried once, nobody there', { lastReachedOn: null, lastReachedAt: null, latest: ['NOT_REACHED'] }, 'NEVER_PROVEN'],
    ['one miss after a proof', { latest: ['NOT_REACHED', 'REACHED'] }, 'PROVEN'],
    ['two misses after a proof', { latest: ['NOT_REACHED', 'NOT_REACHED', 'REACHED'] }, 'PROVEN'],
    ['three misses after a proof', { latest: ['NOT_REACHED', 'NOT_REACHED', 'NOT_REACHED'] }, 'NOT_ANSWERING'],
    ['somebody else answered', { latest: ['WRONG_PERSON', 'REACHED'] }, 'WRONG_PERSON'],
    ['somebody else answered, then nobody', { latest: ['NOT_REACHED', 'WRONG_PERSON', 'REACHED'] }, 'WRONG_PERSON'],
    ['somebody else answered, then the customer', { latest: ['REACHED', 'WRONG_PERSON'] }, 'PROVEN'],
    ['the number does not exist', { latest: ['INVALID', 'REACHED'] }, 'INVALID'],
    ['the number does not exist, then nobody answered', { latest: ['NOT_REACHED', 'INVALID'] }, 'INVALID'],
    ['known to be no contact any more', { valid: false }, 'INVALID'],
  ])('%s', (_what, change, verdict) => {
    expect(contactQuality([contact(change)], TODAY).contacts[0]!.verdict).toBe(verdict);
  });

  test('twelve months after a leap day', () => {
    const reached = contact({ lastReachedOn: '2024-02-29' });
    expect(contactQuality([reached], '2025-02-28').reachable).toBe(1);
    expect(contactQuality([reached], '2025-03-01').reachable).toBe(0);
  });

  test('counts those proven, and tells when they are landlines only', () => {
    const landline = contact({ contactId: 'c2', kind: 'LANDLINE' });
    const unproven = contact({ lastReachedOn: null, latest: [] });
    expect(contactQuality([contact(), landline], TODAY)).toMatchObject({ reachable: 2, landlineOnly: false });
    expect(contactQuality([unproven, landline], TODAY)).toMatchObject({ reachable: 1, landlineOnly: true });
    expect(contactQuality([unproven], TODAY)).toMatchObject({ reachable: 0, landlineOnly: false });
    expect(contactQuality([], TODAY)).toMatchObject({ reachable: 0, landlineOnly: false });
  });
});
