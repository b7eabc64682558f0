import type { TariffDocument } from './schema.js';

/** A full copy of the notice; its number stands in a second copy, http://www.cpem.org.cn/list100/55803.html. */
const notice = {
  document: '河北省发展和改革委员会关于明确居民峰谷分时电价政策的通知',
  number: '冀发改能价〔2022〕1535号',
  date: '2022-12-06',
  url: 'https://img.ccschy.com/techan/faa695c9d889d706755a1ffc99adcae7.html',
};

const hoursQuote = '峰段8:00时-22:00时；谷段22:00时-次日8:00时。';
const tieredQuote =
  '执行阶梯电价的居民用户：用电电压等级为不满1千伏的，第一档峰段电价为每千瓦时（下同）0.55元、谷段电价0.30元；……第二、三档峰、谷电价分别在第一档电价基础上加价0.05元、0.30元。';
const sharedQuote = '执行合表电价的用户：用电电压等级为不满1千伏的，峰段电价为每千瓦时0.57元、谷段电价0.31元';
const validityQuote = '以上规定自2023年1月1日起执行。';

const wholeYear = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const day = (peak: string, valley: string): Extract<TariffDocument, { kind: 'TIME_OF_USE' }>['seasons'] => [
  {
    months: wholeYear,
    periods: [
      { period: 'PEAK', hours: [[8, 22]], priceYuanPerKwh: peak },
      {
        period: 'VALLEY',
        hours: [
          [0, 8],
          [22, 24],
        ],
        priceYuanPerKwh: valley,
      },
    ],
  },
];

/** Households of Hebei below 1 kV that chose peak and valley prices (居民峰谷分时): shared meters, and meters of their own with tiers. */
export const hebeiTimeOfUse: TariffDocument[] = [
  {
    code: 'HEBEI-RESIDENTIAL-SHARED-TOU',
    name: '河北省居民生活用电 合表用户 不满1千伏 峰谷分时',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'TIME_OF_USE',
    seasons: day('0.57', '0.31'),
    validFrom: '2023-01-01',
    validTo: null,
    source: {
      verified: true,
      ...notice,
      quote: `${hoursQuote} ${sharedQuote} ${validityQuote}`,
      note: 'The date is that of issue as the second copy reports it. Where no municipal utility surcharge is levied the notice takes 0.015 yuan off.',
    },
  },
  {
    code: 'HEBEI-RESIDENTIAL-TOU',
    name: '河北省居民生活用电 一户一表 不满1千伏 阶梯电价 峰谷分时',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'TIME_OF_USE',
    seasons: day('0.55', '0.30'),
    surcharges: {
      per: 'YEAR',
      tiers: [
        { upToKwh: 2160, surchargeYuanPerKwh: '0' },
        { upToKwh: 3360, surchargeYuanPerKwh: '0.05' },
        { upToKwh: null, surchargeYuanPerKwh: '0.30' },
      ],
    },
    validFrom: '2023-01-01',
    validTo: null,
    source: {
      verified: false,
      ...notice,
      quote: `${hoursQuote} ${tieredQuote} ${validityQuote}`,
      note: 'Prices, surcharges and hours were read in the notice. The limits of the tiers (2160 and 3360 kWh a year) are not in it and were not seen in an official text.',
    },
  },
];
