import { encodeOwnAddress } from './address.js';
import { FUNCTION, request } from './control-code.js';
import { Dlt645Error } from './dlt645-error.js';
import { encodeFrame } from './frame.js';
import { dateBytes, timeBytes, type LocalMoment } from './local-moment.js';

/** N1: what the relay, its alarm or its protection is told. Not to be taken for function codes. */
export const ORDER = {
  /** Trip; refused under protection. */
  TRIP: 0x1a,
  /** Close allowed: armed, the customer presses the button for at least 3 s. */
  CLOSE_ALLOWED: 0x1b,
  /** Close. */
  CLOSE: 0x1c,
  /** Trip, and close by itself after N2 × 5 minutes. */
  TRIP_THEN_CLOSE: 0x1d,
  /** Trip, and allow closing after N2 × 5 minutes. */
  TRIP_THEN_CLOSE_ALLOWED: 0x1e,
  ALARM_ON: 0x2a,
  ALARM_OFF: 0x2b,
  /** Protection (保电): no trip is obeyed; cancels one and closes. */
  PROTECT: 0x3a,
  UNPROTECT: 0x3b,
} as const;
export type OrderName = keyof typeof ORDER;

/** What a meter is told by function 1CH. */
export interface SwitchRequest {
  /** 12 digits of one meter. */
  readonly address: string;
  readonly order: OrderName;
  /** N2, steps of 5 minutes: 1 to 255 with the delayed orders, 0 without meaning elsewhere. */
  readonly delaySteps?: number;
  /** By the meter's own clock; after it the meter refuses. */
  readonly validUntil: LocalMoment;
  /** Operator code C0..C3, 4 bytes. */
  readonly operator: Buffer;
}

/** How the sender proves that it may: PA and P0..P2, 4 bytes. */
export type Authority = Buffer;

const PASSWORD_BYTES = 3;
const OPERATOR_BYTES = 4;
/** Ciphertext from N1 on, with its tag. */
export const SEALED_BYTES = 20;
/** PA of a password of class 2, which may switch. */
const PA_PASSWORD = 0x02;
/** PA of ciphertext. */
const PA_CIPHER = 0x98;
const DELAYED: readonly OrderName[] = ['TRIP_THEN_CLOSE', 'TRIP_THEN_CLOSE_ALLOWED'];

/** PA 02H and the password, P0 first. @throws Dlt645Error PASSWORD */
export function passwordAuthority(password: Buffer): Authority {
  if (password.length !== PASSWORD_BYTES) throw new Dlt645Error('PASSWORD', 'a password has 3 bytes');
  return Buffer.concat([Buffer.from([PA_PASSWORD]), password]);
}

/** PA 98H: what follows is ciphertext, or carries a tag. */
export const CIPHER_AUTHORITY: Authority = Buffer.from([PA_CIPHER, 0, 0, 0]);

/** `N1 N2 ss mm hh DD MM YY`. @throws Dlt645Error DELAY_MISSING, NOT_A_DATE */
export function switchPlaintext({ order, delaySteps = 0, validUntil }: SwitchRequest): Buffer {
  if (!Number.isInteger(delaySteps) || delaySteps < 0 || delaySteps > 0xff)
    throw new Dlt645Error('DELAY_MISSING', `N2 has one byte, not ${delaySteps}`);
  if (DELAYED.includes(order) && delaySteps === 0)
    throw new Dlt645Error('DELAY_MISSING', `${order} needs N2, the delay in steps of 5 minutes: it would never close`);
  return Buffer.concat([Buffer.from([ORDER[order], delaySteps]), timeBytes(validUntil), dateBytes(validUntil)]);
}

/** PA P0 P1 P2 C0..C3. @throws Dlt645Error PASSWORD */
export function authorityBytes(authority: Authority, operator: Buffer): Buffer {
  if (operator.length !== OPERATOR_BYTES) throw new Dlt645Error('PASSWORD', 'an operator code has 4 bytes');
  return Buffer.concat([authority, operator]);
}

/**
 * A switch order of the password class: L = 10H.
 * @throws Dlt645Error WILDCARD_ADDRESS (never to AA or 99), ADDRESS, PASSWORD, DELAY_MISSING, NOT_A_DATE
 */
export function encodeSwitch(request_: SwitchRequest, password: Buffer): Buffer {
  encodeOwnAddress(request_.address);
  const head = authorityBytes(passwordAuthority(password), request_.operator);
  return frameOf(request_.address, Buffer.concat([head, switchPlaintext(request_)]));
}

/**
 * A switch order of the ciphertext class: L = 1CH. `sealed` is what the security module made of `switchPlaintext`.
 * @throws Dlt645Error WILDCARD_ADDRESS (never to AA or 99), ADDRESS, CIPHERTEXT
 */
export function encodeSealedSwitch(address: string, operator: Buffer, sealed: Buffer): Buffer {
  encodeOwnAddress(address);
  if (sealed.length !== SEALED_BYTES)
    throw new Dlt645Error('CIPHERTEXT', `the security module gave ${sealed.length} bytes, not ${SEALED_BYTES}`);
  return frameOf(address, Buffer.concat([authorityBytes(CIPHER_AUTHORITY, operator), sealed]));
}

const frameOf = (address: string, data: Buffer): Buffer =>
  encodeFrame({ address, control: request(FUNCTION.SWITCH), data });
