import type { TariffDocument } from './schema.js';

const table = {
  document: '国网湖北省电力有限公司《代理购电工商业用户电价表》（执行时间 2026-01-01 至 2026-01-31）',
  number: null,
  date: null,
  url: 'https://xgszsj.xiaogan.gov.cn/tzxg/tzcb/202601/t20260108_568308.shtml',
  quote: '单一制 不满1千伏 非分时电度电价 0.735686 元/千瓦时',
};

const shop = {
  code: 'HUBEI-COMMERCIAL',
  name: '湖北省工商业用电 单一制 不满1千伏 非分时（代理购电）',
  customerClass: 'COMMERCIAL',
  currency: 'CNY',
  kind: 'FLAT',
  priceYuanPerKwh: '0.735686',
} as const;

const outsideItsMonth =
  'The company publishes this price anew every month. Outside January 2026 the January price is held constant, for simulation only.';

/** Small commercial customers (一般工商业) of Hubei, below 1 kV, one price all day. */
export const hubeiCommercial: TariffDocument[] = [
  {
    ...shop,
    validFrom: '2025-01-01',
    validTo: '2025-12-31',
    source: { verified: false, ...table, note: outsideItsMonth },
  },
  {
    ...shop,
    validFrom: '2026-01-01',
    validTo: '2026-01-31',
    source: {
      verified: false,
      ...table,
      note: 'Read in a transcription that names this page as its source; the page itself was not read. The table carries no document number.',
    },
  },
  {
    ...shop,
    validFrom: '2026-02-01',
    validTo: null,
    source: { verified: false, ...table, note: outsideItsMonth },
  },
];
