import { UserError } from '../../platform/errors.js';
import { LIMITS } from '../../platform/limits.js';
import { idOfType } from '../global-id.js';
import { isGiven } from '../given.js';

const KEY_CHARACTERS = { least: 8, most: 128 };
const REASON_LEAST_CHARACTERS = 3;
const PUBLIC_KEY_BYTES = 32;
const EVIDENCE_CHARACTERS = { least: 3, most: 500 };

/**
 * Text that PostgreSQL can store as it is.
 * @throws UserError TEXT_NOT_ALLOWED for NUL and for halves of surrogate pairs
 */
function checkText(text: string, field: string): string {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new UserError(
      'TEXT_NOT_ALLOWED',
      'This text holds a NUL character or half of a character. Remove it.',
      field,
    );
  }
  return text;
}

/** @throws UserError IDEMPOTENCY_KEY_LENGTH, TEXT_NOT_ALLOWED */
export function checkKey(key: string): string {
  if (key.length < KEY_CHARACTERS.least || key.length > KEY_CHARACTERS.most) {
    throw new UserError(
      'IDEMPOTENCY_KEY_LENGTH',
      `An idempotency key has ${KEY_CHARACTERS.least} to ${KEY_CHARACTERS.most} characters. Use a UUID that you keep for repeats of this request.`,
      'idempotencyKey',
    );
  }
  return checkText(key, 'idempotencyKey');
}

/** @throws UserError REASON_LENGTH, TEXT_NOT_ALLOWED */
export function checkReason(reason: string): string {
  const most = LIMITS.reasonCharacters.value;
  const trimmed = reason.trim();
  if (trimmed.length < REASON_LEAST_CHARACTERS || trimmed.length > most) {
    throw new UserError('REASON_LENGTH', `Say why in ${REASON_LEAST_CHARACTERS} to ${most} characters.`, 'note');
  }
  return checkText(trimmed, 'note');
}

/** Optional text up to a length. @throws UserError TEXT_TOO_LONG, TEXT_NOT_ALLOWED */
export function checkOptional(
  text: string | null | undefined,
  field: string,
  mostCharacters: number,
): string | undefined {
  if (!isGiven(text) || text === '') return undefined;
  if (text.length > mostCharacters) {
    throw new UserError('TEXT_TOO_LONG', `This text has more than ${mostCharacters} characters. Shorten it.`, field);
  }
  return checkText(text, field);
}

/** The inner id of a global id of this type. @throws UserError with `code` for any other text: it names no such object */
export function checkId(type: string, globalId: string, field: string, code: string): string {
  const id = idOfType(type, globalId);
  if (!id) throw new UserError(code, `This is not the id of a ${type}. Use the \`id\` of one as it is.`, field);
  return id;
}

/**
 * A raw Ed25519 public key as 32 bytes, in its only spelling.
 * @throws UserError PUBLIC_KEY
 */
export function checkPublicKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== PUBLIC_KEY_BYTES || bytes.toString('base64url') !== text)
    throw new UserError(
      'PUBLIC_KEY',
      'A public key is the 32 bytes of an Ed25519 key in base64url, 43 characters without padding.',
      'publicKey',
    );
  return bytes;
}

/** What a register shows, Wh. @throws UserError REGISTER_NEGATIVE */
export function checkRegister(energyWh: number, field: string): bigint {
  if (energyWh < 0) throw new UserError('REGISTER_NEGATIVE', 'A register shows zero or more. Read it again.', field);
  return BigInt(energyWh);
}

/** What proves something, in words. @throws UserError EVIDENCE_LENGTH, TEXT_NOT_ALLOWED */
export function checkEvidence(evidence: string): string {
  const { least, most } = EVIDENCE_CHARACTERS;
  const trimmed = evidence.trim();
  if (trimmed.length < least || trimmed.length > most)
    throw new UserError('EVIDENCE_LENGTH', `Name the evidence in ${least} to ${most} characters.`, 'evidence');
  return checkOptional(trimmed, 'evidence', most)!;
}
