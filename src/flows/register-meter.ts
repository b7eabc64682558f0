import { generateKeyPairSync } from 'node:crypto';
import { lockGatewayLoad } from '../metering/gateways.js';
import { insertMeters, type NewMeter } from '../metering/installations.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import type { FlowContext } from './context.js';

/** A meter that comes from the store, with the public half of the key it signs with; a DL/T 645 meter has none. */
export interface MeterRegistration extends Omit<NewMeter, 'id' | 'publicKeyHex'> {
  readonly publicKeyHex: string | null;
  readonly note: string;
  readonly idempotencyKey: string;
}

/** Everybody on a serial line (DL/T 645-2007): the number of nobody. */
const BROADCAST = '999999999999';
const SERIAL = /^[0-9]{12}$/;

/**
 * Puts a meter on record behind a gateway. It is believed by this key from now on, and serves nobody before it is installed.
 *
 * @throws UserError METER_SERIAL, METER_EXISTS, PUBLIC_KEY_MISSING, PUBLIC_KEY_NOT_USED, GATEWAY_WITHOUT_KEY, GATEWAY_NOT_FOUND, GATEWAY_SERVES_ITSELF, GATEWAY_FULL, IDEMPOTENCY_KEY_REUSED
 */
export async function registerMeter(
  ctx: FlowContext,
  { note, idempotencyKey: key, ...meter }: MeterRegistration,
  actor: Actor,
): Promise<{ readonly meterId: string; readonly replayed: boolean }> {
  if (!SERIAL.test(meter.serial) || meter.serial === BROADCAST)
    throw new UserError(
      'METER_SERIAL',
      'The serial of a meter has 12 decimal digits, not all of them 9: its DL/T 645 address.',
      'serial',
    );
  checkKeyFits(meter);
  return ctx.db
    .transaction('register-meter', async (tx) => {
      const at = ctx.clock.now();
      return once(tx, { key, act: 'register-meter', content: { ...meter, note }, at }, async () => {
        await requirePlace(tx, meter);
        const meterId = newId();
        await insertMeters(tx, [{ ...meter, id: meterId, publicKeyHex: meter.publicKeyHex ?? keyOfNobody() }]);
        const { serial, gatewayId, codec, securityClass, reconnectMode, publicKeyHex } = meter;
        await recordAudit(tx, at, actor, [
          {
            act: 'meter.registered',
            subjectType: 'Meter',
            subjectId: meterId,
            toState: 'REGISTERED',
            reason: note,
            detail: { serial, gatewayId, codec, securityClass, reconnectMode, publicKeyHex },
          },
        ]);
        return { meterId };
      });
    })
    .catch((error: unknown) => {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code !== '23505' || constraint !== 'meter_serial_key') throw error;
      throw new UserError(
        'METER_EXISTS',
        'A meter with this serial is on record. Check the number on the meter.',
        'serial',
      );
    });
}

/** @throws UserError PUBLIC_KEY_MISSING, PUBLIC_KEY_NOT_USED */
function checkKeyFits({ codec, publicKeyHex }: Pick<MeterRegistration, 'codec' | 'publicKeyHex'>): void {
  if (codec === 'DLT645' && publicKeyHex !== null)
    throw new UserError(
      'PUBLIC_KEY_NOT_USED',
      'A DL/T 645 meter signs nothing: its concentrator does. Leave the key out.',
      'publicKeyHex',
    );
  if (codec !== 'DLT645' && publicKeyHex === null)
    throw new UserError('PUBLIC_KEY_MISSING', 'Give the public key that the meter signs with.', 'publicKeyHex');
}

/** The public half of a key whose private half is thrown away: what nobody can sign, nobody will be believed by. */
function keyOfNobody(): string {
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return Buffer.from(x!, 'base64url').toString('hex');
}

/** @throws UserError when the gateway cannot take this meter */
async function requirePlace(
  tx: Tx,
  { gatewayId, serial, codec }: Pick<NewMeter, 'gatewayId' | 'serial' | 'codec'>,
): Promise<void> {
  const gateway = await lockGatewayLoad(tx, gatewayId);
  if (!gateway)
    throw new UserError(
      'GATEWAY_NOT_FOUND',
      'There is no such gateway. Look it up by its number, or register it.',
      'gatewayNumber',
    );
  if (gateway.kind === 'METER' && gateway.gatewayNumber !== serial)
    throw new UserError(
      'GATEWAY_SERVES_ITSELF',
      `Gateway ${gateway.gatewayNumber} is a meter with its own connection: only the meter of the same number is behind it.`,
      'gatewayNumber',
    );
  if (codec === 'DLT645' && !gateway.signs)
    throw new UserError(
      'GATEWAY_WITHOUT_KEY',
      `Gateway ${gateway.gatewayNumber} has no key, so it cannot speak for a DL/T 645 meter. Register one with its publicKey.`,
      'gatewayNumber',
    );
  const most = LIMITS.metersPerGateway.value;
  if (gateway.meterCount >= most)
    throw new UserError(
      'GATEWAY_FULL',
      `A gateway carries at most ${most} meters, and this one has them. Choose another.`,
      'gatewayNumber',
    );
}
