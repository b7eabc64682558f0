import { assert } from '../../platform/errors.js';
import type { NoticeLanguage } from '../notice.js';
import { EN } from './en.js';
import type { NoticeFields, NoticeWords } from './fields.js';
import { ZH } from './zh.js';

const WORDS: Readonly<Record<NoticeLanguage, NoticeWords>> = { zh: ZH, en: EN };

/** The text of a notice, with what it was made from. */
export interface RenderedNotice {
  readonly templateCode: string;
  readonly templateVersion: number;
  readonly body: string;
}

/** Fields that must not be empty: a notice that leaves one out tells nobody what to do. */
const REQUIRED = ['customerName', 'accountNumber', 'address', 'servicePhone', 'issuedOn', 'currency'] as const;

/**
 * Writes a notice in full plain words: who, how much and for what, until when, how to pay, what brings power back, how to object, by
 * which rule. Pure: the same fields give the same text.
 *
 * @throws AssertionError naming the field that is missing
 */
export function renderNotice(language: NoticeLanguage, fields: NoticeFields): RenderedNotice {
  for (const field of REQUIRED) assert(fields[field] !== '', `a notice needs ${field}`);
  const announces = fields.purpose === 'CUT_NOTICE' || fields.purpose === 'LAST_CALL';
  assert(!announces || fields.cutNotBefore, `a ${fields.purpose} says when power may be cut`);
  assert(fields.prepaid || fields.bills.length > 0, 'a notice about bills itemises them');
  assert(fields.clause.text !== '', 'a notice needs a clause');
  const words = WORDS[language];
  const parts = [
    words.heading(fields),
    ...words.amount(fields),
    words.deadline(fields),
    words.howToPay(fields),
    words.restore(fields),
    words.object(fields),
    words.clause(fields),
  ];
  return {
    templateCode: `${fields.prepaid ? 'PREPAID' : 'POSTPAID'}-${fields.purpose}`,
    templateVersion: words.version,
    body: parts.filter((part) => part !== '').join('\n'),
  };
}
