import { statement, type Tx } from '../platform/database.js';
import type { PaymentMode } from './account.js';
import type { ContactKind, CustomerClass, ProtectionKind } from './customer.js';

/** A customer with an account and a service point, to be put on record together (new connection, 新装). */
export interface NewConnection {
  readonly customerId: string;
  readonly name: string;
  readonly customerClass: CustomerClass;
  readonly idDocument: string | null;
  /** Local day on which the customer was asked about protections; null: not yet. */
  readonly protectionAskedOn: string | null;
  /** At least two; the database refuses fewer. */
  readonly contacts: readonly { readonly id: string; readonly kind: ContactKind; readonly value: string }[];
  readonly protections: readonly {
    readonly id: string;
    readonly kind: ProtectionKind;
    readonly proof: string | null;
    readonly validUntil: string | null;
  }[];
  readonly accountId: string;
  readonly accountNumber: string;
  readonly districtId: string;
  readonly currency: string;
  readonly tariffCode: string;
  readonly paymentMode: PaymentMode;
  readonly servicePointId: string;
  readonly servicePointNumber: string;
  readonly address: string;
}

const INSERT_CONNECTIONS = statement(
  'connection-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS c ("customerId" uuid, name text, "customerClass" text, "idDocument" text, "protectionAskedOn" date, contacts jsonb, protections jsonb,
       "accountId" uuid, "accountNumber" text, "districtId" uuid, currency text, "tariffCode" text, "paymentMode" text, "servicePointId" uuid, "servicePointNumber" text, address text)),
   customers AS (
     INSERT INTO customer (id, name, customer_class, id_document, protection_asked_on, created_at)
     SELECT "customerId", name, "customerClass", "idDocument", "protectionAskedOn", $2 FROM wanted),
   contacts AS (
     INSERT INTO contact (id, customer_id, kind, value)
     SELECT (c->>'id')::uuid, w."customerId", c->>'kind', c->>'value' FROM wanted w, jsonb_array_elements(w.contacts) AS c),
   protections AS (
     INSERT INTO protection (id, customer_id, kind, proof, valid_until, created_at)
     SELECT (p->>'id')::uuid, w."customerId", p->>'kind', p->>'proof', (p->>'validUntil')::date, $2 FROM wanted w, jsonb_array_elements(w.protections) AS p),
   accounts AS (
     INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, payment_mode, opened_at)
     SELECT "accountId", "accountNumber", "customerId", "districtId", currency, "tariffCode", "paymentMode", $2 FROM wanted),
   points AS (
     INSERT INTO service_point (id, service_point_number, account_id, district_id, address)
     SELECT "servicePointId", "servicePointNumber", "accountId", "districtId", address FROM wanted)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state)
   SELECT $2, $3, $4, 'account.opened', 'Account', "accountId", "accountId", "servicePointId", 'OPEN' FROM wanted`,
);

/**
 * Puts new connections on record in one statement.
 * @throws the database's unique or check violation, at commit for the two contacts
 */
export async function insertConnections(
  tx: Tx,
  connections: readonly NewConnection[],
  at: Date,
  actor: { readonly kind: string; readonly id: string },
): Promise<void> {
  if (connections.length > 0)
    await tx.rows(INSERT_CONNECTIONS, [JSON.stringify(connections), at, actor.kind, actor.id]);
}
