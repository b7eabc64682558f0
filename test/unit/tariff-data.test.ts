import { TARIFFS, findTariff, loadTariffs, priceUsageByCode } from '../../src/billing/tariff-policy.js';
import { hubeiCommercial } from '../../src/billing/tariffs/hubei-commercial.js';
import { hunanResidential } from '../../src/billing/tariffs/hunan-residential.js';
import { shandongResidential } from '../../src/billing/tariffs/shandong-residential.js';

const KWH = 1_000n;
const yearlyDocument = { ...shandongResidential[0]!, validFrom: '2020-01-01', validTo: null };
const monthlyDocument = hunanResidential[0]!;
const flatDocument = hubeiCommercial[0]!;
const { source } = monthlyDocument;
const tiers = [
  { upToKwh: 2520, priceYuanPerKwh: '0.5469' },
  { upToKwh: 4800, priceYuanPerKwh: '0.5969' },
  { upToKwh: null, priceYuanPerKwh: '0.8469' },
];
const seasons = [
  { months: [3, 4, 5, 9, 10, 11], tiers },
  { months: [1, 2, 6, 7, 8, 12], tiers },
];

describe('a tariff file is refused when', () => {
  test.each<[what: string, document: unknown, message: RegExp]>([
    ['it has an unknown key', { ...yearlyDocument, discount: '0.1' }, /SHANDONG-RESIDENTIAL.*discount/],
    ['a tier has an unknown key', { ...yearlyDocument, tiers: [{ ...tiers[2], peak: '1' }] }, /peak/],
    ['it has no source', { ...yearlyDocument, source: undefined }, /source/],
    ['an unverified source has no note', { ...yearlyDocument, source: { ...source, note: undefined } }, /note/],
    [
      'a verified source has no number',
      { ...yearlyDocument, source: { ...source, verified: true, date: '2019-05-31' } },
      /number/,
    ],
    [
      'a verified source has no date',
      { ...yearlyDocument, source: { ...source, verified: true, number: '1' } },
      /date/,
    ],
    ['its address is not one', { ...yearlyDocument, source: { ...source, url: 'somewhere' } }, /url/],
    ['a price is a number', { ...flatDocument, priceYuanPerKwh: 0.5 }, /priceYuanPerKwh/],
    ['a price has seven decimals', { ...flatDocument, priceYuanPerKwh: '0.1234567' }, /6 decimals/],
    ['a price is zero', { ...flatDocument, priceYuanPerKwh: '0' }, /greater than zero/],
    ['a price is negative', { ...flatDocument, priceYuanPerKwh: '-0.5' }, /greater than zero/],
    ['it has no tiers', { ...yearlyDocument, tiers: [] }, /tiers/],
    ['the last tier ends', { ...yearlyDocument, tiers: tiers.slice(0, 2) }, /last must have null/],
    ['a middle tier does not end', { ...yearlyDocument, tiers: [tiers[0], tiers[2], tiers[2]] }, /last must have null/],
    ['limits fall', { ...yearlyDocument, tiers: [tiers[1], tiers[0], tiers[2]] }, /rise/],
    ['limits repeat', { ...yearlyDocument, tiers: [tiers[0], tiers[0], tiers[2]] }, /rise/],
    ['a month is missing', { ...monthlyDocument, seasons: seasons.slice(1) }, /each month/],
    ['a month is named twice', { ...monthlyDocument, seasons: [...seasons, ...seasons.slice(1)] }, /each month/],
    ['a date does not exist', { ...yearlyDocument, validFrom: '2027-02-29' }, /calendar date/],
    ['it ends before it begins', { ...yearlyDocument, validTo: '2019-12-31' }, /validTo/],
    ['the currency is unknown', { ...yearlyDocument, currency: 'XYZ' }, /currency/],
    ['it is nothing', null, /number 1/],
  ])('%s', (_what, document, message) => {
    expect(() => loadTariffs([document])).toThrow(message);
  });

  test('two versions overlap by one day', () => {
    const first = { ...yearlyDocument, validTo: '2026-06-30' };
    expect(() => loadTariffs([first, { ...yearlyDocument, validFrom: '2026-06-30' }])).toThrow(/two versions/);
    expect(loadTariffs([first, { ...yearlyDocument, validFrom: '2026-07-01' }])).toHaveLength(2);
  });
});

describe('the tariffs that ship', () => {
  test('name their source, and an unverified one says why', () => {
    expect(TARIFFS.length).toBeGreaterThan(0);
    for (const { source: named } of TARIFFS) {
      expect(named.url).toMatch(/^https:/);
      expect(named.verified || named.note).toBeTruthy();
    }
  });

  test.each<[code: string, date: string, verified: boolean | undefined]>([
    ['SHANDONG-RESIDENTIAL', '2019-06-30', undefined],
    ['SHANDONG-RESIDENTIAL', '2019-07-01', true],
    ['SHANDONG-RESIDENTIAL', '2024-06-30', true],
    ['SHANDONG-RESIDENTIAL', '2024-07-01', false],
    ['SHANDONG-RESIDENTIAL-SHARED', '2024-06-30', true],
    ['HUNAN-RESIDENTIAL', '2026-03-01', false],
    ['ZHEJIANG-RESIDENTIAL', '2026-03-01', false],
    ['HUBEI-COMMERCIAL', '2026-01-31', false],
    ['HUBEI-COMMERCIAL', '2026-02-01', false],
    ['NOWHERE', '2026-03-01', undefined],
  ])('%s on %s: verified %s', (code, date, verified) => {
    expect(findTariff(code, date)?.source.verified).toBe(verified);
  });

  test('Shandong charges a household what its notice says: 2520 kWh a year at 0.5469, to 4800 at 0.5969, then 0.8469', () => {
    const usage = { alreadyUsedInTierPeriodWh: 0n, periodFrom: '2023-01-01', periodTo: '2024-01-01' };
    const total = (energyWh: bigint) =>
      priceUsageByCode({ code: 'SHANDONG-RESIDENTIAL', energyWh, ...usage }).totalMinor;
    expect(total(2_520n * KWH)).toBe(137_819n);
    expect(total(4_800n * KWH)).toBe(137_819n + 136_093n);
    expect(total(4_801n * KWH)).toBe(137_819n + 136_093n + 85n);
  });
});
