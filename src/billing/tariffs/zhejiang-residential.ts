import type { TariffDocument } from './schema.js';

/** Households of Zhejiang with a meter of their own, below 1 kV, without peak and valley prices. */
export const zhejiangResidential: TariffDocument[] = [
  {
    code: 'ZHEJIANG-RESIDENTIAL',
    name: '浙江省居民生活用电 不满1千伏一户一表 阶梯电价',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'TIERED_BY_YEAR',
    tiers: [
      { upToKwh: 2760, priceYuanPerKwh: '0.538' },
      { upToKwh: 4800, priceYuanPerKwh: '0.588' },
      { upToKwh: null, priceYuanPerKwh: '0.838' },
    ],
    validFrom: '2024-01-28',
    validTo: null,
    source: {
      verified: false,
      document: '浙江省物价局关于完善居民生活用电阶梯电价政策有关事项的通知',
      number: null,
      date: null,
      url: 'https://github.com/cc01cc/Eru/blob/ce05c8073153f7b91b4c1b31cfb8e5907e03516d/living-cost-electricity.md',
      quote:
        '浙江省电网居民生活用电价格表 单位：元/千瓦时。不满1千伏“一户一表”居民用户 年用电 ≤2760千瓦时 0.538；年用电 2761-4800千瓦时 0.588；年用电 ≥4801千瓦时 0.838',
      note: 'The copy names its original: https://www.zj.gov.cn/zjservice/item/detail/lawtext.do?outLawId=bd34d4c7-2763-4a68-bc94-cee2d3224dbf. Number and date of the notice were not seen; validFrom is the date of the copy. Three other published tables show the same figures.',
    },
  },
  {
    code: 'ZHEJIANG-RESIDENTIAL-TOU',
    name: '浙江省居民生活用电 不满1千伏一户一表 阶梯电价 峰谷分时',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'TIME_OF_USE',
    seasons: [
      {
        months: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        periods: [
          { period: 'PEAK', hours: [[8, 22]], priceYuanPerKwh: '0.568' },
          {
            period: 'VALLEY',
            hours: [
              [0, 8],
              [22, 24],
            ],
            priceYuanPerKwh: '0.288',
          },
        ],
      },
    ],
    surcharges: {
      per: 'YEAR',
      tiers: [
        { upToKwh: 2760, surchargeYuanPerKwh: '0' },
        { upToKwh: 4800, surchargeYuanPerKwh: '0.05' },
        { upToKwh: null, surchargeYuanPerKwh: '0.3' },
      ],
    },
    validFrom: '2024-01-28',
    validTo: null,
    source: {
      verified: false,
      document: '浙江省物价局关于完善居民生活用电阶梯电价政策有关事项的通知',
      number: null,
      date: null,
      url: 'https://github.com/cc01cc/Eru/blob/ce05c8073153f7b91b4c1b31cfb8e5907e03516d/living-cost-electricity.md',
      quote:
        '不满1千伏“一户一表”居民用户 分时电价-高峰 0.568 分时电价-低谷 0.288；年用电 2761-4800千瓦时 0.618 0.338；年用电 ≥4801千瓦时 0.868 0.588',
      note: 'The same copy as ZHEJIANG-RESIDENTIAL. The hours (peak 8 to 22) come from other published tables; number and date of the notice were not seen.',
    },
  },
];
