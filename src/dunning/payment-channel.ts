import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Where or how one can pay (缴费网点或渠道). Not to be taken for billing's channel of a payment: how money that was paid came in. */
export const PAYMENT_CHANNEL_KINDS = ['COUNTER', 'AGENT', 'BANK', 'SELF_SERVICE', 'APP', 'ONLINE_BANK'] as const;
export type PaymentChannelKind = (typeof PAYMENT_CHANNEL_KINDS)[number];

/** Channels one uses from home: of no help to whoever has no smartphone, so a policy says whether they count. */
export const ONLINE_KINDS: readonly PaymentChannelKind[] = ['APP', 'ONLINE_BANK'];

/** Open from `opens` until `closes` on a weekday (ISO, 1 = Monday), local time 'HH:MM'; '24:00' ends a day. */
export interface OpeningHours {
  readonly weekday: number;
  readonly opens: string;
  readonly closes: string;
}

export const PaymentChannelEntity = defineEntity({
  name: 'PaymentChannelRecord',
  tableName: 'payment_channel',
  properties: {
    id: p.uuid().primary(),
    code: p.string(),
    name: p.string(),
    kind: p.string().$type<PaymentChannelKind>(),
    /** The district it serves; null: everybody. */
    districtId: p.uuid().nullable(),
    hours: p.json<OpeningHours[]>(),
    /** Keeps its weekly hours on public holidays. */
    openOnHolidays: p.boolean(),
    /** Local days of a closure, both included; without an end it stays closed. */
    closedFrom: p.date().nullable(),
    closedUntil: p.date().nullable(),
    /** Out of order since; null: works. */
    downSince: p.datetime().nullable(),
    changedAt: p.datetime(),
  },
});
export type PaymentChannelRecord = InferEntity<typeof PaymentChannelEntity>;

/** A channel as a decision sees it. */
export type PaymentChannelFact = Pick<
  PaymentChannelRecord,
  'code' | 'name' | 'kind' | 'openOnHolidays' | 'closedFrom' | 'closedUntil' | 'downSince'
> & { readonly hours: readonly OpeningHours[] };
