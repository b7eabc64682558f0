import type { TariffDocument } from './schema.js';

/** Households of Hunan: tiers by month, with wider ones in winter and summer. */
export const hunanResidential: TariffDocument[] = [
  {
    code: 'HUNAN-RESIDENTIAL',
    name: '湖南省居民生活用电 一户一表 阶梯电价',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'TIERED_BY_MONTH',
    seasons: [
      {
        months: [3, 4, 5, 9, 10, 11],
        tiers: [
          { upToKwh: 200, priceYuanPerKwh: '0.588' },
          { upToKwh: 350, priceYuanPerKwh: '0.638' },
          { upToKwh: null, priceYuanPerKwh: '0.888' },
        ],
      },
      {
        months: [1, 2, 6, 7, 8, 12],
        tiers: [
          { upToKwh: 200, priceYuanPerKwh: '0.588' },
          { upToKwh: 450, priceYuanPerKwh: '0.638' },
          { upToKwh: null, priceYuanPerKwh: '0.888' },
        ],
      },
    ],
    validFrom: '2025-01-01',
    validTo: null,
    source: {
      verified: false,
      document: 'hunan_residential_ladder_example (湖南居民阶梯电价示例), configuration of a meter-reading program',
      number: null,
      date: null,
      url: 'https://github.com/laxy-me/ha-95598/blob/47e14b3248bacc05650c69f8a69c191764b5ea8b/config/tou_price_config.json',
      quote:
        'spring_autumn, months [3, 4, 5, 9, 10, 11]: up_to 200 at 0.588, up_to 350 at 0.638, above at 0.888; winter_summer, months [1, 2, 6, 7, 8, 12]: up_to 200 at 0.588, up_to 450 at 0.638, above at 0.888; validfrom 2025-01-01',
      note: 'No official text was found. The three prices agree with two other published tables; limits and months come from this copy alone.',
    },
  },
];
