import type { TariffDocument } from './schema.js';

/** An unabridged copy of the notice, kept by a public repository at a fixed commit. */
const NOTICE_URL =
  'https://github.com/Boome-Lancer/tools/blob/7389d4f30fa4b6ef70a214cba59a1d2c3ee9924b/%E5%8F%82%E8%80%83/%E5%B1%B1%E4%B8%9C%E7%9C%81%E5%8F%91%E5%B1%95%E5%92%8C%E6%94%B9%E9%9D%A9%E5%A7%94%E5%91%98%E4%BC%9A%E5%85%B3%E4%BA%8E%E5%B1%85%E6%B0%91%E9%98%B6%E6%A2%AF%E7%94%B5%E4%BB%B7%E5%88%B6%E5%BA%A6%E6%9C%89%E5%85%B3%E4%BA%8B%E9%A1%B9%E7%9A%84%E9%80%9A%E7%9F%A5.txt';

const notice = {
  document: '山东省发展和改革委员会关于居民阶梯电价制度有关事项的通知',
  number: '鲁发改价格〔2019〕509号',
  date: '2019-05-31',
  url: NOTICE_URL,
};

const tieredQuote =
  '“一户一表”居民用户按电网企业抄表周期正常交纳电费，年用电量2520度及以下执行电价为每度0.5469元；2520-4800度部分执行第二档电量加价标准，为每度0.5969元；超过4800度部分执行第三档电量加价标准，为每度0.8469元。';

const sharedQuote =
  '合表用户到户电价(即最终电价)，按居民生活用电类别合表用户不满1千伏电压等级电价标准执行（现行标准为每千瓦时0.555元）';

const allowanceQuote =
  '对全省城乡“低保户”和农村“五保户”等困难群体（包括“一户一表”用户及合表用户）设置每户每月15度免费用电基数。';

const validityQuote = '本通知自2019年7月1日起执行，有效期至2024年6月30日。';

const afterExpiry =
  'The notice ended on 30 June 2024. Its figures are carried on here for simulation; whether the tier limits stand unchanged was not seen in an official text. A price table cited as 鲁发改价格〔2026〕556号 shows the same three prices.';

const tiers = [
  { upToKwh: 2520, priceYuanPerKwh: '0.5469' },
  { upToKwh: 4800, priceYuanPerKwh: '0.5969' },
  { upToKwh: null, priceYuanPerKwh: '0.8469' },
];

/** Section 4 (4) of the notice. It is paid out as money by another notice; here it is a line of the bill. */
const freeAllowance = { kwhPerMonth: 15 };

const household = {
  code: 'SHANDONG-RESIDENTIAL',
  name: '山东省居民生活用电 一户一表 阶梯电价',
  customerClass: 'RESIDENTIAL',
  currency: 'CNY',
  kind: 'TIERED_BY_YEAR',
  tiers,
  freeAllowance,
} as const;

/** Households of Shandong with a meter of their own, and households behind one shared meter (合表). */
export const shandongResidential: TariffDocument[] = [
  {
    ...household,
    validFrom: '2019-07-01',
    validTo: '2024-06-30',
    source: { verified: true, ...notice, quote: `${tieredQuote} ${allowanceQuote} ${validityQuote}` },
  },
  {
    ...household,
    validFrom: '2024-07-01',
    validTo: null,
    source: { verified: false, ...notice, quote: `${tieredQuote} ${allowanceQuote}`, note: afterExpiry },
  },
  {
    code: 'SHANDONG-RESIDENTIAL-SHARED',
    name: '山东省居民生活用电 合表用户 不满1千伏',
    customerClass: 'RESIDENTIAL',
    currency: 'CNY',
    kind: 'FLAT',
    priceYuanPerKwh: '0.555',
    freeAllowance,
    validFrom: '2019-07-01',
    validTo: '2024-06-30',
    source: { verified: true, ...notice, quote: `${sharedQuote} ${allowanceQuote} ${validityQuote}` },
  },
];
