import { apiEnum } from './described-enum.js';

export const MeterStateKindEnum = apiEnum('MeterStateKind', 'On what occasion a meter spoke (上报类型).', {
  ACK: 'In answer to an order (指令应答).',
  STATE: 'By itself, or because it was asked (状态上报).',
});

export const ReadingGapStateEnum = apiEnum('ReadingGapState', 'What became of a missing midnight (漏抄点状态).', {
  OPEN: 'Still missing (待补抄).',
  FILLED: 'Read after all (已补抄).',
  GIVEN_UP: 'Not to be had any more (漏抄): asked for in vain, older than meters keep, or the meter taken down.',
});
