import {
  findPaymentChannel,
  lockPaymentChannel,
  putPaymentChannel,
  type NewPaymentChannel,
} from '../dunning/payment-channels.js';
import type { OpeningHours, PaymentChannelRecord } from '../dunning/payment-channel.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { assert, UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import type { FlowContext } from './context.js';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;
const CODE = /^[A-Z0-9-]{2,32}$/;
const NAME_CHARACTERS = 200;

/** The whole of a channel as it is to be from now on; whoever changes one thing sends the rest as it stands. */
export interface SetPaymentChannelRequest extends Omit<NewPaymentChannel, 'id'> {
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Puts a payment channel (缴费网点) on record, or changes the one with this code: hours, a closure, an outage. No cut is sent when nobody
 * could pay before the evening, so from the commit on the next decision sees it.
 *
 * @throws UserError PAYMENT_CHANNEL_CODE, PAYMENT_CHANNEL_NAME, PAYMENT_CHANNEL_HOURS, PAYMENT_CHANNEL_CLOSURE, IDEMPOTENCY_KEY_REUSED
 */
export async function setPaymentChannel(
  ctx: FlowContext,
  { note, idempotencyKey: key, ...channel }: SetPaymentChannelRequest,
  actor: Actor,
): Promise<{ readonly channel: PaymentChannelRecord; readonly replayed: boolean }> {
  check(channel);
  const { id, replayed } = await ctx.db.transaction('set-payment-channel', async (tx) => {
    const at = ctx.clock.now();
    const content = { note, channel: JSON.stringify(channel) };
    return once(tx, { key, act: 'set-payment-channel', content, at }, async () => {
      const before = await lockPaymentChannel(tx, channel.code);
      const after = await putPaymentChannel(tx, { id: before?.id ?? newId(), ...channel }, at);
      await recordAudit(tx, at, actor, [
        {
          act: 'payment-channel.set',
          subjectType: 'PaymentChannel',
          subjectId: after.id,
          fromState: before ? stateOf(before) : null,
          toState: stateOf(after),
          reason: note,
          detail: detailOf(after),
        },
      ]);
      tx.afterCommit(() => ctx.nudges.nudge('changed', [after.id]));
      return { id: after.id };
    });
  });
  const stands = await findPaymentChannel(ctx.db, id);
  assert(stands, `payment channel ${id} is gone; channels are closed, never deleted`);
  return { channel: stands, replayed };
}

const stateOf = ({ closedFrom, downSince }: PaymentChannelRecord): string =>
  downSince ? 'DOWN' : closedFrom ? 'CLOSURE_ANNOUNCED' : 'IN_SERVICE';

const detailOf = ({
  code,
  kind,
  districtId,
  hours,
  openOnHolidays,
  closedFrom,
  closedUntil,
  downSince,
}: PaymentChannelRecord) => ({
  code,
  kind,
  districtId,
  hours,
  openOnHolidays,
  closedFrom,
  closedUntil,
  downSince,
});

function check({ code, name, hours, closedFrom, closedUntil }: Omit<NewPaymentChannel, 'id'>): void {
  if (!CODE.test(code))
    throw new UserError('PAYMENT_CHANNEL_CODE', 'A code has 2 to 32 capital letters, digits or hyphens.', 'code');
  if (name.trim().length === 0 || name.length > NAME_CHARACTERS)
    throw new UserError('PAYMENT_CHANNEL_NAME', `A name has 1 to ${NAME_CHARACTERS} characters.`, 'name');
  const most = LIMITS.openingHours.value;
  if (hours.length > most) throw new UserError('PAYMENT_CHANNEL_HOURS', `Give at most ${most} opening hours.`, 'hours');
  const wrong = hours.findIndex((one) => !isOpening(one));
  if (wrong >= 0)
    throw new UserError(
      'PAYMENT_CHANNEL_HOURS',
      'Opening hours name a weekday from 1 (Monday) to 7 and two local times HH:MM, the earlier first; 24:00 ends a day. Split what runs over midnight.',
      `hours.${wrong}`,
    );
  if (closedUntil !== null && (closedFrom === null || closedUntil < closedFrom))
    throw new UserError(
      'PAYMENT_CHANNEL_CLOSURE',
      'A closure ends on or after the day it begins. Give both days, or only the first.',
      'closedUntil',
    );
}

const isOpening = ({ weekday, opens, closes }: OpeningHours): boolean =>
  Number.isInteger(weekday) && weekday >= 1 && weekday <= 7 && TIME.test(opens) && TIME.test(closes) && opens < closes;
