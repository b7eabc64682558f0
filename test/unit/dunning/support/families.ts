/** Rows that every policy has in the same form. What is expected is told by each table, never read from the policy. */
import {
  CUSTOMER_CLASSES,
  PROTECTION_KINDS,
  type CustomerClass,
  type ProtectionKind,
} from '../../../../src/accounts/customer.js';
import type { CutFacts, NoticeFact } from '../../../../src/dunning/cut-facts.js';
import {
  ARREARS_CAUSES,
  HOLD_KINDS,
  PROOF_KINDS,
  type ArrearsCause,
  type HoldKind,
  type ProofKind,
} from '../../../../src/dunning/words.js';
import { movedTo, type Blocks, type Row } from './cuttable.js';

const NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** Seven days from a Monday without holidays, at the hour of `mondayAt`. */
export const weekdayRows = (base: CutFacts, timeZone: string, mondayAt: string, allowed: readonly string[]): Row[] =>
  NAMES.map((name, index) => {
    const at = new Date(new Date(mondayAt).getTime() + index * 86_400_000).toISOString();
    return [`a ${name}`, movedTo(base, timeZone, at), allowed.includes(name) ? {} : { ALLOWED_DAY: `a ${name}` }];
  });

/** Each 'YYYY-MM-DDTHH:MM:SS±HH:MM' with whether its hour is allowed. */
export const hourRows = (
  base: CutFacts,
  timeZone: string,
  hours: readonly (readonly [at: string, allowed: boolean])[],
): Row[] =>
  hours.map(([at, allowed]) => [
    `at ${at}`,
    movedTo(base, timeZone, at),
    allowed ? {} : { ALLOWED_HOUR: `${at.slice(11, 16)} local` },
  ]);

/** Each kind of hold: open without an end, until today, and past its last day but not ended: nobody has acted on its end, so it holds. */
export const holdRows = (today: string, yesterday: string, holding: readonly HoldKind[]): Row[] =>
  HOLD_KINDS.flatMap((kind): Row[] => {
    const blocks = (text: string): Blocks => (holding.includes(kind) ? { NO_HOLD: `${kind} ${text}` } : {});
    const hold = (until: string | null) => ({ holds: [{ holdId: 'H1', kind, until }] });
    return [
      [`hold ${kind} without an end`, hold(null), blocks('until it is ended')],
      [`hold ${kind} until today`, hold(today), blocks(`until ${today}`)],
      [`hold ${kind} until yesterday, not ended`, hold(yesterday), blocks(`until ${yesterday}, and not ended yet`)],
    ];
  });

export const causeRows = (blocking: readonly ArrearsCause[], unknown: Blocks): Row[] => [
  ...ARREARS_CAUSES.map((cause): Row => [
    `in arrears by ${cause}`,
    { arrearsCause: cause },
    blocking.includes(cause) ? { CAUSE_ALLOWS: cause } : {},
  ]),
  ['nobody knows why in arrears', { arrearsCause: null }, unknown],
];

/** Each kind of protection: for good, until today, past its date. `outlasting`: kinds that protect past their date. */
export const protectionRows = (
  today: string,
  yesterday: string,
  blocks: (kind: ProtectionKind) => Blocks,
  outlasting: readonly ProtectionKind[] = [],
): Row[] =>
  PROTECTION_KINDS.flatMap((kind): Row[] => {
    const protection = (validUntil: string | null) => ({ protections: [{ kind, validUntil }] });
    return [
      [`protection ${kind}`, protection(null), blocks(kind)],
      [`protection ${kind} until today`, protection(today), blocks(kind)],
      [`protection ${kind} until yesterday`, protection(yesterday), outlasting.includes(kind) ? blocks(kind) : {}],
    ];
  });

export const prohibits =
  (...kinds: readonly ProtectionKind[]) =>
  (kind: ProtectionKind): Blocks =>
    kinds.includes(kind) ? { NOT_PROTECTED: kind } : {};

/** Each class of customers, asked about protections and never asked. */
export const classRows = (
  served: readonly CustomerClass[],
  neverAskedProtects: readonly CustomerClass[],
  twoPersons: readonly CustomerClass[],
): Row[] =>
  CUSTOMER_CLASSES.flatMap((customerClass): Row[] => {
    const blocks: Blocks = {
      ...(served.includes(customerClass) ? {} : { POLICY_APPLIES: `is not for ${customerClass}` }),
      ...(twoPersons.includes(customerClass) ? { TWO_PERSONS: customerClass } : {}),
    };
    const asked: Blocks = neverAskedProtects.includes(customerClass) ? { PROTECTION_ASKED: 'never asked' } : {};
    return [
      [`a ${customerClass} customer`, { customerClass }, blocks],
      [
        `a ${customerClass} customer never asked about protections`,
        { customerClass, protectionAskedOn: null },
        { ...blocks, ...asked },
      ],
    ];
  });

/** Who approves: a supervisor always; the requester never; two from 50 cuts on. */
export const APPROVAL_ROWS: readonly Row[] = [
  ['nobody approved', { approvals: [] }, { APPROVED: 'not yet' }],
  ...['DISTRICT_MANAGER', 'OPERATIONS', 'HOTLINE', 'COUNTER'].map((role): Row => [
    `approved by a ${role}`,
    { approvals: [{ by: 'person-1', role }] },
    { APPROVED: 'not by a SUPERVISOR' },
  ]),
  [
    'approved by the requester',
    { approvals: [{ by: 'operator-1', role: 'SUPERVISOR' }] },
    { APPROVED: 'only by whoever asked for it' },
  ],
  ['a batch of 49 with one approval', { batchSize: 49 }, {}],
  ['a batch of 50 with one approval', { batchSize: 50 }, { TWO_PERSONS: '1 of 2 persons' }],
  [
    'a batch of 50 with two approvals by one person',
    { batchSize: 50, approvals: ['supervisor-1', 'supervisor-1'].map((by) => ({ by, role: 'SUPERVISOR' })) },
    { TWO_PERSONS: '1 of 2 persons' },
  ],
  [
    'a batch of 50 with two approvals',
    { batchSize: 50, approvals: ['supervisor-1', 'supervisor-2'].map((by) => ({ by, role: 'SUPERVISOR' })) },
    {},
  ],
];

/** Each kind of proof of one notice among the others. `replace` puts the notice in place of the one of the base. */
export const proofRows = (
  what: string,
  accepted: readonly ProofKind[],
  replace: (proofKind: ProofKind | null) => readonly NoticeFact[],
  blocked: (proofKind: ProofKind | null) => Blocks,
): Row[] =>
  [...PROOF_KINDS, null].map((proofKind): Row => [
    `${what} proven by ${proofKind ?? 'nothing'}`,
    { notices: replace(proofKind) },
    proofKind && accepted.includes(proofKind) ? {} : blocked(proofKind),
  ]);

/** Nobody can be reached. */
export const contactRows = (needed: boolean): Row[] => [
  ['no contact proven reachable', { reachableContacts: 0 }, needed ? { CONTACT_REACHABLE: '0 contacts' } : {}],
];

/** Holidays and what lies around them, on the day of the base. */
export const holidayRows = (eveBlocks: boolean, makeUpSaturday: Partial<CutFacts>, makeUpCounts: boolean): Row[] => [
  [
    'a holiday',
    { calendar: { covered: true, holiday: 'Festival', eve: false, makeUpDay: false } },
    { ALLOWED_DAY: 'Festival' },
  ],
  [
    'the eve of a holiday',
    { calendar: { covered: true, holiday: null, eve: true, makeUpDay: false } },
    eveBlocks ? { ALLOWED_DAY: 'the eve of a holiday' } : {},
  ],
  [
    'a year whose holidays nobody has published',
    { calendar: { covered: false, holiday: null, eve: false, makeUpDay: false } },
    { ALLOWED_DAY: 'nobody has published' },
  ],
  ['a make-up working day on a Saturday', makeUpSaturday, makeUpCounts ? {} : { ALLOWED_DAY: 'a make-up working day' }],
];
