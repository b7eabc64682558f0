import type { InterruptionReason } from '../../switching/interruption.js';
import { DEBT_REASONS } from '../../switching/interruption.js';
import type { SwitchCommandState, SwitchOperation } from '../../switching/switch-command.js';

/** The same sentence in both languages. */
export interface PowerText {
  readonly zh: string;
  readonly en: string;
}

export interface PowerReason {
  readonly reason: InterruptionReason;
  readonly since: Date;
  readonly text: PowerText;
}

export interface PowerStep {
  readonly code: 'PAY' | 'WAIT' | 'PRESS_BUTTON' | 'TYPE_CODE' | 'WAIT_FOR_VISIT' | 'CALL' | 'CHECK_MAIN_SWITCH';
  readonly text: PowerText;
}

export type PowerVerdict =
  | 'POWER_ON'
  | 'OFF_FOR_DEBT'
  | 'OFF_FOR_OTHER_REASON'
  | 'RESTORE_UNDER_WAY'
  | 'WAITING_FOR_BUTTON'
  | 'WAITING_FOR_CODE'
  | 'OUTAGE'
  | 'FIELD_VISIT'
  | 'UNEXPLAINED'
  | 'UNKNOWN';

export type GatewayPresence = 'ONLINE' | 'OFFLINE' | 'UNKNOWN';

/** Everything the answer rests on. `overdue` is money with its currency in plain text, null when nothing is overdue. */
export interface PowerFacts {
  readonly interruptions: readonly { readonly reason: InterruptionReason; readonly openedAt: Date }[];
  readonly reported: 'CONNECTED' | 'DISCONNECTED' | 'ARMED' | 'UNKNOWN';
  readonly command: { readonly operation: SwitchOperation; readonly state: SwitchCommandState } | null;
  readonly workOrder: { readonly deadlineLocal: string } | null;
  readonly gatewayPresence: GatewayPresence;
  /** Power is away although nothing was cut; `untilLocal` where an end is announced. */
  readonly outage: {
    readonly kind: 'FAULT' | 'PLANNED';
    readonly scope: 'DISTRICT' | 'SERVICE_POINT';
    readonly untilLocal: string | null;
  } | null;
  /** A restore code is out and was not used yet. */
  readonly codeUntilLocal: string | null;
  readonly overdue: string | null;
  /** Service phone of the district. */
  readonly servicePhone: string;
}

export interface PowerAnswer {
  readonly verdict: PowerVerdict;
  readonly headline: PowerText;
  readonly reasons: readonly PowerReason[];
  readonly steps: readonly PowerStep[];
}

const REASON_TEXTS: Readonly<Record<InterruptionReason, PowerText>> = {
  ARREARS: { zh: '电费逾期未缴。', en: 'Bills are unpaid past their due date.' },
  PREPAID_EXHAUSTED: { zh: '预付电费已用完。', en: 'The prepaid money is used up.' },
  SAFETY: { zh: '存在安全隐患,消除后才能复电。', en: 'There is a danger; power comes back once it is removed.' },
  THEFT: {
    zh: '查实窃电,处理完毕后才能复电。',
    en: 'Theft of electricity was proven; power comes back once that is settled.',
  },
  CUSTOMER_REQUEST: { zh: '应客户申请停电。', en: 'The customer asked for it.' },
  VACANT: { zh: '房屋空置。', en: 'The premises are recorded as vacant.' },
};

/** Explains, in plain words, why power is off or on and what to do. Pure. */
export function explainPower(facts: PowerFacts): PowerAnswer {
  const reasons = facts.interruptions.map(({ reason, openedAt }) => ({
    reason,
    since: openedAt,
    text: REASON_TEXTS[reason],
  }));
  const verdict = verdictOf(facts);
  return { verdict, headline: headlineOf(verdict, facts), reasons, steps: stepsOf(verdict, facts) };
}

function verdictOf({ interruptions, reported, command, workOrder, outage, codeUntilLocal }: PowerFacts): PowerVerdict {
  if (interruptions.length > 0) {
    return interruptions.every(({ reason }) => DEBT_REASONS.includes(reason)) ? 'OFF_FOR_DEBT' : 'OFF_FOR_OTHER_REASON';
  }
  if (outage) return 'OUTAGE';
  if (reported === 'CONNECTED') return 'POWER_ON';
  if (reported === 'ARMED' || command?.state === 'ARMED') return 'WAITING_FOR_BUTTON';
  if (codeUntilLocal !== null) return 'WAITING_FOR_CODE';
  if (command?.operation === 'RESTORE') return 'RESTORE_UNDER_WAY';
  if (workOrder) return 'FIELD_VISIT';
  return reported === 'DISCONNECTED' ? 'UNEXPLAINED' : 'UNKNOWN';
}

function headlineOf(verdict: PowerVerdict, { gatewayPresence, outage }: PowerFacts): PowerText {
  switch (verdict) {
    case 'OUTAGE':
      return outageHeadline(outage!);
    case 'WAITING_FOR_CODE':
      return {
        zh: '电表联系不上,已将复电码发给您,输入后即可复电。',
        en: 'The meter cannot be reached. A restore code was sent to you: type it in to have power again.',
      };
    case 'POWER_ON':
      return gatewayPresence === 'OFFLINE'
        ? {
            zh: '应正常供电,电表最近上报为有电,但通信已中断;如现在没电,可能是故障或计划停电。',
            en: 'Power is due and was on when the meter last spoke, but its connection is down; if it is dark now, think of a fault or a planned outage.',
          }
        : { zh: '供电正常,电表上报有电。', en: 'Power is due, and the meter reports it on.' };
    case 'OFF_FOR_DEBT':
      return {
        zh: '因欠费停电,缴清逾期电费后自动复电。',
        en: 'Power is off for unpaid bills. It comes back by itself once what is overdue is paid.',
      };
    case 'OFF_FOR_OTHER_REASON':
      return {
        zh: '因欠费以外的原因停电,仅缴费不能复电。',
        en: 'Power is off for a reason that payment alone does not remove.',
      };
    case 'RESTORE_UNDER_WAY':
      return { zh: '正在复电。', en: 'Power is being brought back now.' };
    case 'WAITING_FOR_BUTTON':
      return { zh: '已允许合闸,请在电表上按键复电。', en: 'The meter is ready: press its button to have power again.' };
    case 'FIELD_VISIT':
      return {
        zh: '远程未能复电,已派人现场处理。',
        en: 'Power could not be brought back remotely; field staff are on it.',
      };
    case 'UNEXPLAINED':
      return {
        zh: '应供电而电表上报无电,系统将自动复电。',
        en: 'Power is due but the meter reports it off; a restore is ordered by itself.',
      };
    case 'UNKNOWN':
      return { zh: '暂无法确认供电状态。', en: 'The state of the supply is not known.' };
  }
}

/** Nobody was cut: the district, the house, or work that was announced. */
function outageHeadline({ kind, scope }: NonNullable<PowerFacts['outage']>): PowerText {
  if (kind === 'PLANNED')
    return { zh: '计划停电,与电费无关。', en: 'A planned outage; it has nothing to do with bills.' };
  return scope === 'DISTRICT'
    ? {
        zh: '所在台区停电,属故障,与电费无关,正在抢修。',
        en: 'The whole district is without power: a fault, which has nothing to do with bills. It is being repaired.',
      }
    : {
        zh: '电表报告电源消失,而邻近用户有电,可能是您家进线故障,与电费无关。',
        en: 'Your meter said that its supply is gone while the neighbours have power: a fault of your own line, which has nothing to do with bills.',
      };
}

const CALL = (servicePhone: string): PowerStep => ({
  code: 'CALL',
  text: {
    zh: `请拨打 95598 或台区服务电话 ${servicePhone}。`,
    en: `Call 95598, or the service phone of your district: ${servicePhone}.`,
  },
});

const typeCode = ({ codeUntilLocal }: PowerFacts): PowerStep => ({
  code: 'TYPE_CODE',
  text: {
    zh: `先关闭电炉等电器,再于${codeUntilLocal}前在电表上输入短信中的复电码。`,
    en: `Switch off the stove and the like, then type the code from the message into the meter, until ${codeUntilLocal}.`,
  },
});

const waitForSupply = ({ outage }: PowerFacts): PowerStep => ({
  code: 'WAIT',
  text: outage?.untilLocal
    ? { zh: `预计${outage.untilLocal}恢复供电。`, en: `Power is expected back by ${outage.untilLocal}.` }
    : { zh: '请稍候,恢复后无需申请。', en: 'Wait: it comes back without a request.' },
});

function stepsOf(verdict: PowerVerdict, facts: PowerFacts): PowerStep[] {
  const call = CALL(facts.servicePhone);
  const pay: PowerStep[] = facts.overdue
    ? [{ code: 'PAY', text: { zh: `缴纳逾期金额 ${facts.overdue}。`, en: `Pay what is overdue: ${facts.overdue}.` } }]
    : [];
  switch (verdict) {
    case 'POWER_ON':
      return [
        {
          code: 'CHECK_MAIN_SWITCH',
          text: { zh: '如家中没电,先检查家中总开关。', en: 'If it is dark at home, check your own main switch first.' },
        },
        call,
      ];
    case 'OFF_FOR_DEBT':
      return [
        ...pay,
        {
          code: 'WAIT',
          text: {
            zh: '缴费后通常几秒内自动复电,无需申请。',
            en: 'After paying, power normally comes back within seconds; no request is needed.',
          },
        },
      ];
    case 'OFF_FOR_OTHER_REASON':
      return [...pay, call];
    case 'RESTORE_UNDER_WAY':
      return [
        {
          code: 'WAIT',
          text: { zh: '请稍候,电表确认后即恢复。', en: 'Wait a moment: it is done as soon as the meter confirms.' },
        },
      ];
    case 'WAITING_FOR_BUTTON':
      return [
        {
          code: 'PRESS_BUTTON',
          text: {
            zh: '先关闭电炉、电热器等,确认用电安全后,长按电表按键 3 秒。',
            en: 'Switch off the stove, heaters and the like, then hold the button on the meter for 3 seconds.',
          },
        },
      ];
    case 'WAITING_FOR_CODE':
      return [typeCode(facts), call];
    case 'OUTAGE':
      return [waitForSupply(facts), call];
    case 'FIELD_VISIT':
      return [
        {
          code: 'WAIT_FOR_VISIT',
          text: {
            zh: `工作人员将在 ${facts.workOrder?.deadlineLocal ?? '规定时限'} 前到场复电。`,
            en: `Field staff will bring power back by ${facts.workOrder?.deadlineLocal ?? 'the deadline'}.`,
          },
        },
        call,
      ];
    case 'UNEXPLAINED':
      return [
        { code: 'WAIT', text: { zh: '请稍候,系统正在处理。', en: 'Wait a moment: the system is dealing with it.' } },
        call,
      ];
    case 'UNKNOWN':
      return [call];
  }
}
