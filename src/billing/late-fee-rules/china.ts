import { lateFeeRuleSchema, type LateFeeRule, type LateFeeRuleDocument } from '../late-fee-rule.js';

const ARTICLE = '《供电营业规则》(1996) 第九十八条';
const RESIDENTIAL = { perMille: 1, clause: `${ARTICLE}:居民用户每日千分之一` };
const OTHERS = {
  thisYear: { perMille: 2, clause: `${ARTICLE}:其他用户当年欠费每日千分之二` },
  earlierYear: { perMille: 3, clause: `${ARTICLE}:其他用户跨年度欠费每日千分之三` },
};

/** The rule of 1996, which contracts still follow. */
export const CHINA_LATE_FEE_RULE_DOCUMENT: LateFeeRuleDocument = {
  code: 'CN-1996',
  currency: 'CNY',
  ratesPerMille: {
    RESIDENTIAL: { thisYear: RESIDENTIAL, earlierYear: RESIDENTIAL },
    COMMERCIAL: OTHERS,
    INDUSTRIAL: OTHERS,
    TEMPORARY: OTHERS,
  },
  minimumMinor: 100,
  minimumClause: `${ARTICLE}:总额不足1元者按1元收取`,
  capPermille: null,
  capClause: '违约金上限(未核实)',
  graceDays: 0,
  roundingMode: 'HALF_UP',
  sources: [
    {
      parameters: ['ratesPerMille', 'minimumMinor', 'graceDays'],
      document: '供电营业规则 (电力工业部令第8号, 1996)',
      clause: '第九十八条',
      verified: true,
    },
    {
      parameters: ['capPermille'],
      document: '供电营业规则 (电力工业部令第8号, 1996)',
      clause: null,
      verified: false,
      note: 'No cap was found. Courts and contracts may know one: set it here.',
    },
    {
      parameters: ['roundingMode'],
      document: '供电营业规则 (电力工业部令第8号, 1996)',
      clause: null,
      verified: false,
      note: 'The rule does not say how a fraction of a fen is settled; half up is how tariffs are rounded here.',
    },
  ],
};

/** The product's default, checked when the program starts. */
export const CHINA_LATE_FEE_RULE: LateFeeRule = lateFeeRuleSchema.parse(CHINA_LATE_FEE_RULE_DOCUMENT);
