import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { Relay } from '../metering/meter.js';
import type { InterruptionReason } from './interruption.js';
import { OPEN_RELAY_POWER_W } from './report-policy.js';
import { OPEN_STATES, type SwitchCommandState, type SwitchOperation } from './switch-command.js';

/** Due and reported supply of one service point, as a flow sees them after it took the account's lock. */
export interface SupplyFacts {
  readonly servicePointId: string;
  readonly servicePointNumber: string;
  readonly accountId: string;
  readonly districtId: string;
  /** Null: no meter is installed. */
  readonly installationId: string | null;
  readonly meterId: string | null;
  readonly reconnectMode: 'DIRECT' | 'ARM';
  readonly reportedRelay: Relay | null;
  readonly reportedProtected: boolean;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  /** While the relay is reported open: since the cut was proven, or since the meter said so. Null: it is not open. */
  readonly offSince: Date | null;
  /** Voltage behind the relay while that is reported open, mV; null: not measured, not open, or energy flows and the relay lies. */
  readonly openLoadVoltageMv: number | null;
  readonly interruptions: readonly { readonly id: string; readonly reason: InterruptionReason }[];
  readonly openCommand: {
    readonly id: string;
    readonly state: SwitchCommandState;
    readonly operation: SwitchOperation;
    readonly reason: InterruptionReason;
  } | null;
}

const FACTS = (
  where: string,
) => `SELECT sp.id AS "servicePointId", sp.service_point_number AS "servicePointNumber", sp.account_id AS "accountId", sp.district_id AS "districtId",
       inst.id AS "installationId", m.id AS "meterId", coalesce(m.reconnect_mode, 'DIRECT') AS "reconnectMode",
       m.reported_relay AS "reportedRelay", coalesce(m.reported_protected, false) AS "reportedProtected", k.customer_class AS "customerClass", a.payment_mode AS "paymentMode",
       CASE WHEN m.reported_relay = 'OPEN' THEN coalesce(
         (SELECT max(c.ended_at) FROM switch_command c WHERE c.service_point_id = sp.id AND c.operation = 'CUT' AND c.state = 'VERIFIED'),
         m.reported_since) END AS "offSince",
       CASE WHEN m.reported_relay = 'OPEN' AND abs(coalesce(m.power_w, 0)) <= ${OPEN_RELAY_POWER_W} THEN m.load_voltage_mv END AS "openLoadVoltageMv",
       coalesce((SELECT json_agg(json_build_object('id', i.id, 'reason', i.reason) ORDER BY i.id)
                 FROM interruption i WHERE i.service_point_id = sp.id AND i.closed_at IS NULL), '[]') AS interruptions,
       (SELECT json_build_object('id', c.id, 'state', c.state, 'operation', c.operation, 'reason', c.reason)
        FROM switch_command c WHERE c.meter_id = m.id AND c.state IN (${OPEN_STATES.map((state) => `'${state}'`).join(', ')})) AS "openCommand"
  FROM service_point sp JOIN account a ON a.id = sp.account_id JOIN customer k ON k.id = a.customer_id
  LEFT JOIN meter_installation inst ON inst.service_point_id = sp.id AND inst.removed_at IS NULL
  LEFT JOIN meter m ON m.id = inst.meter_id
  WHERE ${where} ORDER BY sp.id`;

const BY_ACCOUNT = statement('supply-facts-account', FACTS('sp.account_id = $1'));
const BY_POINT = statement('supply-facts-point', FACTS('sp.id = $1'));
const BY_POINTS = statement('supply-facts-points', FACTS('sp.id = ANY($1::uuid[])'));
const BY_METERS = statement('supply-facts-meters', FACTS('m.id = ANY($1::uuid[])'));

/** Supply of every service point of an account. */
export const supplyOfAccount = (tx: Pick<Tx, 'rows'>, accountId: string): Promise<SupplyFacts[]> =>
  tx.rows<SupplyFacts>(BY_ACCOUNT, [accountId]);

/** Supply of one service point. */
export async function supplyOfServicePoint(
  tx: Pick<Tx, 'rows'>,
  servicePointId: string,
): Promise<SupplyFacts | undefined> {
  return (await tx.rows<SupplyFacts>(BY_POINT, [servicePointId]))[0];
}

/** Supply of many service points; those that do not exist are left out. */
export const supplyOfServicePoints = (tx: Reader, servicePointIds: readonly string[]): Promise<SupplyFacts[]> =>
  tx.rows<SupplyFacts>(BY_POINTS, [servicePointIds]);

/** Supply of the service points where these meters are installed now. */
export const supplyOfMeters = (tx: Pick<Tx, 'rows'>, meterIds: readonly string[]): Promise<SupplyFacts[]> =>
  tx.rows<SupplyFacts>(BY_METERS, [meterIds]);
