import { apiEnum } from './described-enum.js';

export const LineKindEnum = apiEnum('BillLineKind', 'What a line of a bill is (账单明细类型).', {
  ENERGY: 'Energy at a price (电费).',
  TIER_SURCHARGE: 'What energy of a higher tier pays on top of time-of-use prices (阶梯加价).',
  FREE_ALLOWANCE: 'Free energy of a low-income household (免费电量), negative.',
});

export const TouPeriodEnum = apiEnum('TimeOfUsePeriod', 'Period of the day with a price of its own (分时时段).', {
  SHARP: 'Sharp peak (尖).',
  PEAK: 'Peak (峰).',
  FLAT: 'Flat (平).',
  VALLEY: 'Valley (谷).',
});

export const BillKindEnum = apiEnum('BillKind', 'Whether a bill charges a period, or corrects one (账单类型).', {
  REGULAR: 'The bill of a period (正常账单).',
  CORRECTION: 'The difference to an earlier bill (退补账单); negative in favour of the customer.',
});

export const BillingRunStateEnum = apiEnum('BillingRunState', 'Where a billing run stands (核算批次状态).', {
  QUEUED: 'Waits for the jobs process (排队).',
  RUNNING: 'Under way (进行中).',
  DONE: 'Every service point was looked at (完成).',
  FAILED: 'Broken off by an error; what it issued stands (失败).',
});

export const BillingRunScopeEnum = apiEnum('BillingRunScope', 'What a billing run covers (核算范围).', {
  DISTRICT: 'One transformer district (台区).',
  COMPANY: 'The whole company (全公司).',
});

export const BillingRunOriginEnum = apiEnum('BillingRunOrigin', 'What a billing run came from (核算来源).', {
  REQUEST: 'A person asked for it (人工发起).',
  SETTLEMENT: 'The settlement day of a district (结算日).',
});

export const SkipReasonEnum = apiEnum('BillingSkipReason', 'Why a service point could not be billed (未出账原因).', {
  NO_TARIFF: 'Its tariff is not valid on every day of the period (无有效电价).',
  NO_READING: 'Its register is not known well enough even for an estimate (无示数).',
  CURRENCY_DIFFERS: 'Tariff and account have different currencies (币种不符).',
});

export const ReadingFaultKindEnum = apiEnum('ReadingFaultKind', 'Kind of fault in reading a meter (抄表差错).', {
  ESTIMATED: 'Estimated (估抄).',
  MISSED: 'Nothing was read at the settlement boundary (漏抄).',
  WRONG: 'Read, and not to be believed (错抄).',
  CORRECTED: 'A wrong reading was corrected (更正).',
});

export const EstimateMethodEnum = apiEnum('EstimateMethod', 'How an estimated register came about (估抄方法).', {
  INTERPOLATED: 'On a straight line between two readings (内插).',
  EXTRAPOLATED: 'Carried on after the last reading, at the pace since the installation (外推).',
  ENTERED: 'Entered as an estimate (人工估计).',
});
