import { statement, type Reader, type Tx } from '../platform/database.js';
import type { OpeningHours, PaymentChannelFact, PaymentChannelKind, PaymentChannelRecord } from './payment-channel.js';

const COLUMNS = `c.id, c.code, c.name, c.kind, c.district_id AS "districtId", c.hours, c.open_on_holidays AS "openOnHolidays",
  c.closed_from AS "closedFrom", c.closed_until AS "closedUntil", c.down_since AS "downSince", c.changed_at AS "changedAt"`;

/** A channel as somebody wants it to be from now on. */
export interface NewPaymentChannel {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly kind: PaymentChannelKind;
  readonly districtId: string | null;
  readonly hours: readonly OpeningHours[];
  readonly openOnHolidays: boolean;
  readonly closedFrom: string | null;
  readonly closedUntil: string | null;
  readonly downSince: Date | null;
}

const LOCK = statement('payment-channel-lock', `SELECT ${COLUMNS} FROM payment_channel c WHERE c.code = $1 FOR UPDATE`);
const PUT = statement(
  'payment-channel-put',
  `INSERT INTO payment_channel AS c (id, code, name, kind, district_id, hours, open_on_holidays, closed_from, closed_until, down_since, changed_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
   ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind, district_id = excluded.district_id, hours = excluded.hours,
     open_on_holidays = excluded.open_on_holidays, closed_from = excluded.closed_from, closed_until = excluded.closed_until,
     down_since = excluded.down_since, changed_at = excluded.changed_at
   RETURNING ${COLUMNS}`,
);
const BY_ID = statement('payment-channel-by-id', `SELECT ${COLUMNS} FROM payment_channel c WHERE c.id = $1`);
const OF_DISTRICTS = statement(
  'payment-channels-of-districts',
  `SELECT ${COLUMNS} FROM payment_channel c WHERE c.district_id IS NULL OR c.district_id = ANY($1::uuid[]) ORDER BY c.code`,
);

/** The channel with this code as it stands, locked; undefined if there is none. */
export async function lockPaymentChannel(tx: Tx, code: string): Promise<PaymentChannelRecord | undefined> {
  return (await tx.rows<PaymentChannelRecord>(LOCK, [code]))[0];
}

/** The channel with this id; undefined if there is none. */
export async function findPaymentChannel(tx: Reader, id: string): Promise<PaymentChannelRecord | undefined> {
  return (await tx.rows<PaymentChannelRecord>(BY_ID, [id]))[0];
}

/** Creates a channel, or makes the one with this code what is given here; its id stays. */
export async function putPaymentChannel(tx: Tx, channel: NewPaymentChannel, at: Date): Promise<PaymentChannelRecord> {
  const [row] = await tx.rows<PaymentChannelRecord>(PUT, [
    channel.id,
    channel.code,
    channel.name,
    channel.kind,
    channel.districtId,
    JSON.stringify(channel.hours),
    channel.openOnHolidays,
    channel.closedFrom,
    channel.closedUntil,
    channel.downSince,
    at,
  ]);
  return row!;
}

/** The channels of many districts in one statement: each district's own and those for everybody. */
export async function paymentChannelsOf(
  tx: Reader,
  districtIds: readonly string[],
): Promise<Map<string, PaymentChannelFact[]>> {
  const rows = await tx.rows<PaymentChannelRecord>(OF_DISTRICTS, [districtIds]);
  const byDistrict = Map.groupBy(rows, ({ districtId }) => districtId);
  const forEverybody = byDistrict.get(null) ?? [];
  return new Map(districtIds.map((id) => [id, [...(byDistrict.get(id) ?? []), ...forEverybody]]));
}
