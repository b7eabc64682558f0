import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { insertNotices, type NewNotice } from '../dunning/notices.js';
import { routesOf, routeText, type NoticeRoute, type RouteContact } from '../dunning/notice-route-policy.js';
import { renderRestoreMessage } from '../dunning/templates/restore.js';
import type { NoticeChannel, RestorePurpose } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { localDate, localTime } from '../platform/local-date.js';
import type { FlowContext } from './context.js';

/** Something to tell the customer of a restore. */
export interface WayBack {
  readonly commandId: string;
  readonly purpose: RestorePurpose;
  readonly restoreCodeId?: string;
  readonly until: Date;
  /** Armed once more. */
  readonly again?: boolean;
}

/** Whatever the gateway can send at once; a letter would come too late. */
const CHANNELS: readonly NoticeChannel[] = ['SMS', 'APP'];

interface Addressee {
  readonly commandId: string;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly customerName: string;
  readonly address: string;
  readonly meterSerial: string;
  readonly servicePhone: string;
  readonly currency: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly paidMinor: bigint | null;
  readonly contacts: readonly RouteContact[];
}

// A contact that has reached somebody lately is tried first.
const ADDRESSEES = statement(
  'tell-way-back-addressees',
  `SELECT x.id AS "commandId", a.id AS "accountId", a.account_number AS "accountNumber", c.name AS "customerName", p.address, m.serial AS "meterSerial",
     d.service_phone AS "servicePhone", a.currency, c.customer_class AS "customerClass", a.payment_mode AS "paymentMode",
     (SELECT y.amount_minor FROM payment y WHERE y.id = x.payment_id) AS "paidMinor",
     (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'kind', k.kind)
        ORDER BY (SELECT max(z.at) FROM contact_proof z WHERE z.contact_id = k.id AND z.outcome = 'REACHED') DESC NULLS LAST, k.id), '[]')
      FROM contact k WHERE k.customer_id = c.id AND k.valid) AS contacts
   FROM switch_command x JOIN account a ON a.id = x.account_id JOIN customer c ON c.id = a.customer_id
   JOIN service_point p ON p.id = x.service_point_id JOIN transformer_district d ON d.id = p.district_id JOIN meter m ON m.id = x.meter_id
   WHERE x.id = ANY($1::uuid[])`,
);

/** The ways by which a customer can be told at once; none: nobody would ever see it. */
const waysTo = (contacts: readonly RouteContact[]): NoticeRoute[] => routesOf(CHANNELS, contacts);

const REACHED_BY_PHONE = statement(
  'tell-way-back-reached',
  `SELECT x.id FROM switch_command x JOIN account a ON a.id = x.account_id
   WHERE x.id = ANY($1::uuid[]) AND EXISTS (SELECT FROM contact k WHERE k.customer_id = a.customer_id AND k.valid AND k.kind = 'MOBILE')`,
);

/** Those of these restores whose customer has a number on file that a message can go to. */
export async function tellable(tx: Reader, commandIds: readonly string[]): Promise<Set<string>> {
  return new Set((await tx.rows<{ id: string }>(REACHED_BY_PHONE, [commandIds])).map(({ id }) => id));
}

/**
 * Tells customers in plain words how they bring their power back: the button, or the code. Sent at any hour, whatever hold or pause stands: whoever
 * reads it sits in the dark. A message that is under way already stays the only one.
 */
export async function tellWayBack(
  ctx: FlowContext,
  tx: Tx,
  messages: readonly WayBack[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (messages.length === 0) return;
  const ids = messages.map(({ commandId }) => commandId);
  const addressees = new Map((await tx.rows<Addressee>(ADDRESSEES, [ids])).map((one) => [one.commandId, one]));
  const notices = messages.map((message) => noticeOf(ctx, message, addressees.get(message.commandId)!));
  await insertNotices(tx, notices, by);
  tx.afterCommit(() => ctx.nudges.nudge('notices'));
}

function noticeOf(ctx: FlowContext, message: WayBack, addressee: Addressee): NewNotice {
  const { commandId, purpose, restoreCodeId, until, again = false } = message;
  const { accountId, currency, paidMinor, contacts } = addressee;
  const inForce = ctx.policies.of(addressee.customerClass, addressee.paymentMode);
  const language = inForce && inForce.policy.place !== 'CN' ? 'en' : 'zh';
  const [first, ...rest] = waysTo(contacts);
  const told = renderRestoreMessage(language, {
    ...addressee,
    purpose,
    paid: paidMinor === null ? null : { amountMinor: paidMinor, currency },
    until: `${localDate(until, ctx.timeZone)} ${localTime(until, ctx.timeZone).slice(0, 5)}`,
    again,
  });
  return {
    ...told,
    id: newId(),
    accountId,
    caseId: null,
    anchorBillId: null,
    copyOfId: null,
    stepCode: purpose,
    purpose,
    channel: first!.channel,
    recipient: 'CUSTOMER',
    contactId: first!.contactId,
    byGateway: true,
    owner: null,
    deadlineAt: null,
    mandatory: false,
    language,
    principalMinor: 0n,
    lateFeeMinor: 0n,
    balanceMinor: 0n,
    currency,
    policyCode: inForce?.policy.code ?? 'NONE',
    policyVersion: inForce?.version ?? 0,
    routesLeft: rest.map(routeText),
    acceptedProofs: [],
    announcedCutAt: null,
    commandId,
    ...(restoreCodeId ? { restoreCodeId } : {}),
    bills: [],
  };
}
