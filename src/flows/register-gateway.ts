import { createHash, randomBytes } from 'node:crypto';
import { insertGateway, setGatewayPassword, type NewGateway } from '../metering/gateways.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import type { FlowContext } from './context.js';

/** A gateway that comes from the store: a concentrator, or a 4G meter with its own connection. */
export interface GatewayRegistration extends Omit<NewGateway, 'id' | 'passwordSha256'> {
  readonly note: string;
  readonly idempotencyKey: string;
}

/** A new password for a gateway that is on record. */
export interface PasswordRenewal {
  readonly gatewayId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/** `password` is given once: it is kept nowhere, so a repeat of the request has none to give. */
export interface GatewayReceipt {
  readonly gatewayId: string;
  readonly password: string | null;
  readonly replayed: boolean;
}

const NUMBER = /^[0-9]{12}$/;
const PASSWORD_BYTES = 24;

/**
 * Puts a gateway on record and makes its MQTT password. Only the SHA-256 is stored; if the answer is lost, `renewGatewayPassword`
 * makes another.
 *
 * @throws UserError GATEWAY_NUMBER, GATEWAY_EXISTS, IDEMPOTENCY_KEY_REUSED
 */
export async function registerGateway(
  ctx: FlowContext,
  { note, idempotencyKey: key, ...gateway }: GatewayRegistration,
  actor: Actor,
): Promise<GatewayReceipt> {
  if (!NUMBER.test(gateway.gatewayNumber))
    throw new UserError('GATEWAY_NUMBER', 'The number of a gateway has 12 decimal digits.', 'gatewayNumber');
  const secret = newPassword();
  const receipt = await ctx.db.transaction('register-gateway', async (tx) => {
    const at = ctx.clock.now();
    const content = { ...gateway, publicKey: gateway.publicKey?.toString('hex'), note };
    return once(tx, { key, act: 'register-gateway', content, at }, async () => {
      const id = newId();
      if (!(await insertGateway(tx, { ...gateway, id, passwordSha256: secret.sha256 })))
        throw new UserError(
          'GATEWAY_EXISTS',
          'A gateway with this number is on record. Check the number, or give it a new password with renewGatewayPassword.',
          'gatewayNumber',
        );
      const { gatewayNumber, kind, districtId } = gateway;
      await recordAudit(tx, at, actor, [
        {
          act: 'gateway.registered',
          subjectType: 'Gateway',
          subjectId: id,
          toState: 'REGISTERED',
          reason: note,
          detail: { gatewayNumber, kind, districtId },
        },
      ]);
      // A simulated gateway is told the time when it connects; the head-end looks who there is when the clock nudges.
      tx.afterCommit(() => ctx.nudges.nudge('clock'));
      return { gatewayId: id };
    });
  });
  return { ...receipt, password: receipt.replayed ? null : secret.password };
}

/**
 * Makes a new password for a gateway: the old one was lost, or somebody else may know it. Connections that are open stay; the broker asks
 * at the next login.
 *
 * @throws UserError GATEWAY_NOT_FOUND, IDEMPOTENCY_KEY_REUSED
 */
export async function renewGatewayPassword(
  ctx: FlowContext,
  { gatewayId, note, idempotencyKey: key }: PasswordRenewal,
  actor: Actor,
): Promise<GatewayReceipt> {
  const secret = newPassword();
  const receipt = await ctx.db.transaction('renew-gateway-password', async (tx) => {
    const at = ctx.clock.now();
    return once(tx, { key, act: 'renew-gateway-password', content: { gatewayId, note }, at }, async () => {
      if (!(await setGatewayPassword(tx, gatewayId, secret.sha256)))
        throw new UserError(
          'GATEWAY_NOT_FOUND',
          'There is no such gateway. Look it up by its number, or register it.',
          'gatewayNumber',
        );
      await recordAudit(tx, at, actor, [
        { act: 'gateway.password-renewed', subjectType: 'Gateway', subjectId: gatewayId, reason: note },
      ]);
      return { gatewayId };
    });
  });
  return { ...receipt, password: receipt.replayed ? null : secret.password };
}

/** 192 bits made by a machine: one round of SHA-256 is enough to store it. */
function newPassword(): { readonly password: string; readonly sha256: Buffer } {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  return { password, sha256: createHash('sha256').update(password).digest() };
}
