import { chinaCostControl, chinaPostpaid } from '../../src/dunning/presets/china.js';
import { dunningPolicySchema } from '../../src/dunning/policy-schema.js';
import { draftNotices, earliestCutAt, type Addressee } from '../../src/dunning/notice-draft-policy.js';
import { NOTICE_LANGUAGES } from '../../src/dunning/notice.js';
import type { NoticeFields } from '../../src/dunning/templates/fields.js';
import { renderNotice } from '../../src/dunning/templates/render.js';
import { bill, debtor, on } from './support/ladder-facts.js';

const CHINA = dunningPolicySchema.parse(chinaPostpaid);
const PREPAID = dunningPolicySchema.parse(chinaCostControl);

const FIELDS: NoticeFields = {
  purpose: 'CUT_NOTICE',
  prepaid: false,
  title: null,
  customerName: '王芳',
  accountNumber: '4301000017',
  address: '大祥区百春园2栋501',
  servicePhone: '0739-5595598',
  issuedOn: '2026-04-21',
  currency: 'CNY',
  bills: [
    {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
      principalMinor: 10_000n,
      lateFeeMinor: 270n,
    },
    {
      periodFrom: '2026-03-05',
      periodTo: '2026-04-05',
      dueDate: '2026-04-25',
      principalMinor: 5_005n,
      lateFeeMinor: 0n,
    },
  ],
  principalMinor: 15_005n,
  lateFeeMinor: 270n,
  balanceMinor: -15_275n,
  payBy: '2026-04-26',
  cutNotBefore: { day: '2026-04-27', time: '09:00' },
  restore: { threshold: 'FULL', percent: 100, sameDay: true, withinHours: 24 },
  clause: { text: '供电营业规则 (1996) art. 67', verified: true },
  copy: false,
};
const body = (language: 'zh' | 'en', change: Partial<NoticeFields> = {}) =>
  renderNotice(language, { ...FIELDS, ...change }).body;

describe('notices in full', () => {
  test('the notice of a cut, in Chinese', () => {
    expect(body('zh')).toBe(`【停电通知书】
王芳(户号4301000017,大祥区百春园2栋501),2026-04-21
未缴电费共152.75元:
· 2026-02-05至2026-03-04,应于2026-03-25前缴纳:100.00元,违约金2.70元
· 2026-03-05至2026-04-04,应于2026-04-25前缴纳:50.05元
请于2026-04-26前(含当日)缴费。逾期未缴的,将于2026-04-27 09:00以后停止供电。
缴费方式:手机应用、各银行、自助终端或营业厅,凭户号4301000017办理。
缴清全部逾期电费后,系统当日自动保持供电或恢复供电,无需申请。
如有异议、一时无力缴纳,或家中有人依赖用电,请致电0739-5595598或95598;异议处理期间不停电。
依据:供电营业规则 (1996) art. 67`);
  });

  test('the notice of a cut, in English', () => {
    expect(body('en')).toBe(`Notice that power will be cut
王芳, account 4301000017, 大祥区百春园2栋501. 2026-04-21
Unpaid: 152.75 CNY.
- 2026-02-05 to 2026-03-04, due 2026-03-25: 100.00 CNY, late fee 2.70 CNY
- 2026-03-05 to 2026-04-04, due 2026-04-25: 50.05 CNY
Please pay by 2026-04-26. If it is not paid, power will be cut, not before 2026-04-27 09:00.
Pay in the mobile app, at any bank, at a self-service terminal or at a counter, with account number 4301000017.
As soon as everything overdue is paid, power is kept on, or comes back by itself, on the same day; nobody has to ask for it.
If you do not agree, cannot pay at once, or somebody in your home depends on power, call 0739-5595598 or 95598; while a dispute is open power is not cut.
Basis: 供电营业规则 (1996) art. 67`);
  });

  test('the last call, paid ahead, in both languages', () => {
    const change: Partial<NoticeFields> = {
      purpose: 'LAST_CALL',
      prepaid: true,
      bills: [],
      balanceMinor: -1_230n,
      payBy: null,
      servicePhone: '95598',
      restore: { threshold: 'BALANCE_ABOVE_ZERO', percent: 100, sameDay: false, withinHours: 24 },
      clause: { text: 'a figure that was guessed', verified: false },
    };
    expect(body('zh', change)).toBe(`【停电前再次通知】
王芳(户号4301000017,大祥区百春园2栋501),2026-04-21
您的电费余额已用完,现欠12.30元。
请立即缴费。逾期未缴的,将于2026-04-27 09:00以后停止供电。
缴费方式:手机应用、各银行、自助终端或营业厅,凭户号4301000017办理。
余额大于零后,系统24小时内自动恢复供电,无需申请。
如有异议、一时无力缴纳,或家中有人依赖用电,请致电95598;异议处理期间不停电。`);
    expect(body('en', change)).toBe(`Last call before power is cut
王芳, account 4301000017, 大祥区百春园2栋501. 2026-04-21
Your electricity account is used up: 12.30 CNY is owed.
Please pay now. If it is not paid, power will be cut, not before 2026-04-27 09:00.
Pay in the mobile app, at any bank, at a self-service terminal or at a counter, with account number 4301000017.
As soon as the balance is above zero, power comes back by itself, within 24 hours; nobody has to ask for it.
If you do not agree, cannot pay at once, or somebody in your home depends on power, call 95598; while a dispute is open power is not cut.`);
  });

  test.each(NOTICE_LANGUAGES)('a reminder threatens nothing (%s)', (language) => {
    const text = body(language, {
      purpose: 'REMINDER',
      cutNotBefore: null,
      title: 'T',
      clause: { text: 'Relight: own', verified: true },
    });
    expect(text).not.toMatch(/cut|停电|停止供电|Relight/);
    expect(text.split('\n')[0]).toContain('T');
  });

  test.each(['customerName', 'accountNumber', 'address', 'servicePhone', 'issuedOn', 'currency'] as const)(
    'nothing is sent without %s',
    (field) => {
      expect(() => body('zh', { [field]: '' })).toThrow(`a notice needs ${field}`);
    },
  );
  test('nor without bills, a clause, or the hour of the cut', () => {
    expect(() => body('zh', { bills: [] })).toThrow('itemises');
    expect(() => body('zh', { clause: { text: '', verified: true } })).toThrow('clause');
    expect(() => body('en', { cutNotBefore: null })).toThrow('when power may be cut');
  });
});

const WHO: Addressee = {
  accountId: 'A1',
  accountNumber: '4301000017',
  customerName: '王芳',
  address: '大祥区百春园2栋501',
  servicePhone: '95598',
  manager: 'manager-7',
  contacts: [
    { id: 'C-HOME', kind: 'ADDRESS' },
    { id: 'C-MOBILE', kind: 'MOBILE' },
    { id: 'C-OLD', kind: 'LANDLINE' },
  ],
  periodFrom: { B1: '2026-02-05' },
};
let ids = 0;
const draft = (policy: typeof CHINA, code: string | null, change: Partial<Parameters<typeof draftNotices>[0]> = {}) =>
  draftNotices({
    facts: debtor(),
    policy,
    policyVersion: 3,
    step: policy.steps.find((step) => step.code === code) ?? null,
    addressee: WHO,
    caseId: null,
    at: on('2026-04-21', 10),
    newId: () => `id-${(ids += 1)}`,
    ...change,
  });

describe('who is told, by which way, by whom', () => {
  const STEPS: readonly [policy: typeof CHINA, code: string, way: string][] = [
    [CHINA, 'DAY_5', 'SMS C-MOBILE gateway; left VOICE:C-MOBILE VOICE:C-OLD'],
    [CHINA, 'DAY_10', 'VOICE C-MOBILE 95598 by 2026-04-24T16:00; left VOICE:C-OLD SMS:C-MOBILE'],
    [CHINA, 'DAY_20_OF_MONTH', 'VOICE C-MOBILE manager-7 by 2026-04-24T16:00; left VOICE:C-OLD VISIT:C-HOME'],
    [CHINA, 'ARREARS_NOTICE', 'VISIT C-HOME manager-7 by 2026-04-24T16:00; left '],
    [CHINA, 'CUT_NOTICE', 'VISIT C-HOME manager-7 by 2026-04-24T16:00; left LETTER:C-HOME'],
    [PREPAID, 'WARN_50', 'SMS C-MOBILE gateway; left APP'],
    [PREPAID, 'WARN_30', 'SMS C-MOBILE gateway; left APP'],
    [PREPAID, 'WARN_10', 'SMS C-MOBILE gateway; left APP'],
    [PREPAID, 'BELOW_ZERO', 'SMS C-MOBILE gateway; left VOICE:C-MOBILE VOICE:C-OLD APP'],
  ];
  test.each(STEPS)('$code of $1: %s', (policy, code, way) => {
    const [notice] = draft(policy, code);
    const { channel, contactId, byGateway, owner, deadlineAt, routesLeft } = notice!;
    const hand = byGateway ? 'gateway' : `${owner} by ${deadlineAt!.toISOString().slice(0, 16)}`;
    expect(`${channel} ${contactId} ${hand}; left ${routesLeft.join(' ')}`).toBe(way);
    expect(notice!.body).toContain(policy.steps.find((step) => step.code === code)!.name.zh);
    expect(notice!.policyVersion).toBe(3);
  });

  test('an important user: the authority has a copy of the cut notice, by letter, and of nothing else', () => {
    const facts = debtor({ protections: [{ kind: 'IMPORTANT_USER', validUntil: null }] });
    const [own, copy] = draft(CHINA, 'CUT_NOTICE', { facts });
    expect(copy).toMatchObject({
      recipient: 'AUTHORITY',
      channel: 'LETTER',
      copyOfId: own!.id,
      acceptedProofs: [],
      contactId: null,
    });
    expect(copy!.body.startsWith('(抄送)【停电通知书】')).toBe(true);
    expect(draft(CHINA, 'ARREARS_NOTICE', { facts })).toHaveLength(1);
  });

  test('the last call names the hour of the cut', () => {
    const [call] = draft(CHINA, null, { cutAt: on('2026-04-27', 10) });
    expect(call).toMatchObject({
      purpose: 'LAST_CALL',
      stepCode: null,
      channel: 'VOICE',
      byGateway: true,
      announcedCutAt: on('2026-04-27', 10),
    });
    expect(call!.body).toContain('将于2026-04-27 10:00以后停止供电');
  });

  test.each<[string, string, number, string]>([
    ['three days after the notice', '2026-04-27', 10, '2026-04-30 09:00'],
    ['never before the debt counts', '2026-04-21', 10, '2026-04-27 09:00'],
    ['not on a Friday', '2026-05-05', 10, '2026-05-11 09:00'],
  ])('the earliest cut: %s', (_what, day, hour, expected) => {
    const [date, time] = expected.split(' ');
    expect(earliestCutAt(debtor(), CHINA, on(day, hour))).toEqual(on(date!, Number(time!.slice(0, 2))));
  });

  test('paid ahead, the earliest cut: after the grace, or on the next morning', () => {
    const facts = debtor({
      bills: [bill()],
      paymentMode: 'PREPAID',
      balanceMinor: -1n,
      belowLineSince: on('2026-04-21', 10),
    });
    expect(earliestCutAt(facts, PREPAID, on('2026-04-21', 10))).toEqual(on('2026-04-21', 10.5));
    expect(earliestCutAt(facts, PREPAID, on('2026-04-21', 17))).toEqual(on('2026-04-22', 9));
  });
});
