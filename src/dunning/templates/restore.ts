/** Messages about the way back to power: the button of an armed meter, and the one-time code. */
import { formatAmount } from '../../platform/money.js';
import type { NoticeLanguage } from '../notice.js';
import type { RestorePurpose } from '../words.js';

/** Stands in a stored body for the digits, which are put in only as the message leaves. */
export const CODE_PLACE = '{code}';

/** Everything such a message may say. */
export interface RestoreMessageFields {
  readonly purpose: RestorePurpose;
  readonly customerName: string;
  readonly accountNumber: string;
  /** Of the service point whose meter waits. */
  readonly address: string;
  readonly meterSerial: string;
  readonly servicePhone: string;
  /** What was paid, in plain text with its currency; null: no payment brought this about. */
  readonly paid: { readonly amountMinor: bigint; readonly currency: string } | null;
  /** Local day and time 'YYYY-MM-DD HH:MM' until which button or code works. */
  readonly until: string;
  /** Armed again, since nobody pressed the button the first time. */
  readonly again: boolean;
}

const VERSION = 1;

/** The text of a message about the way back to power. Pure; a code stands in it as {@link CODE_PLACE}. */
export function renderRestoreMessage(
  language: NoticeLanguage,
  fields: RestoreMessageFields,
): { readonly templateCode: string; readonly templateVersion: number; readonly body: string } {
  const lines = language === 'zh' ? chinese(fields) : english(fields);
  return {
    templateCode: fields.purpose,
    templateVersion: VERSION,
    body: lines.filter((line) => line !== '').join('\n'),
  };
}

function chinese(fields: RestoreMessageFields): string[] {
  const { paid } = fields;
  const amount =
    paid && `${formatAmount(paid.amountMinor, paid.currency)}${paid.currency === 'CNY' ? '元' : ` ${paid.currency}`}`;
  const head = [
    fields.purpose === 'RESTORE_BUTTON' ? '【复电:请按电表按键】' : '【复电:请输入复电码】',
    `${fields.customerName}(户号${fields.accountNumber},${fields.address})`,
    amount ? `已收到电费${amount},可以恢复供电。` : '可以恢复供电。',
    '第一步:先关闭电炉、电热器等电器,确认家中无人检修电路。',
  ];
  const tail = `如不便操作或操作后仍无电,请致电${phone(fields.servicePhone, '或')}。`;
  if (fields.purpose === 'RESTORE_CODE')
    return [
      ...head,
      `第二步:在电表${fields.meterSerial}的键盘上输入复电码 ${CODE_PLACE},电表随即合闸。`,
      `复电码只能使用一次,${fields.until}前有效;连续输错5次后须等15分钟。请勿转告他人。`,
      tail,
    ];
  return [
    ...head,
    `第二步:长按电表${fields.meterSerial}上的按键3秒,电表随即合闸。${fields.until}前有效。`,
    fields.again ? '这是第二次允许合闸;届时仍未按键的,将派人上门复电。' : '',
    tail,
  ];
}

function english(fields: RestoreMessageFields): string[] {
  const { paid } = fields;
  const head = [
    fields.purpose === 'RESTORE_BUTTON'
      ? 'Power back: press the button on your meter'
      : 'Power back: type the code into your meter',
    `${fields.customerName}, account ${fields.accountNumber}, ${fields.address}.`,
    paid
      ? `Your payment of ${formatAmount(paid.amountMinor, paid.currency)} ${paid.currency} has arrived; power can come back.`
      : 'Power can come back.',
    'First switch off the stove, heaters and whatever may start by itself, and make sure that nobody works on the wiring.',
  ];
  const tail = `If you cannot do that, or it stays dark, call ${phone(fields.servicePhone, ' or ')}.`;
  if (fields.purpose === 'RESTORE_CODE')
    return [
      ...head,
      `Then type ${CODE_PLACE} on the keys of meter ${fields.meterSerial}. It closes at once.`,
      `The code works once, until ${fields.until}; after five wrong codes the meter takes none for 15 minutes. Tell it to nobody.`,
      tail,
    ];
  return [
    ...head,
    `Then press the button on meter ${fields.meterSerial} for 3 seconds. It closes at once. Until ${fields.until}.`,
    fields.again ? 'This is the second time; if nobody presses it, somebody will come.' : '',
    tail,
  ];
}

const phone = (servicePhone: string, or: string): string =>
  servicePhone === '95598' ? servicePhone : `${servicePhone}${or}95598`;
