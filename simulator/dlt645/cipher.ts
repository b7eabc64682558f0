import { createCipheriv, createHmac } from 'node:crypto';
import { FUNCTION } from './frame.js';

/** PA of the ciphertext class, and the three bytes behind it. Source: schema/mqtt/README.md, What the frames hold. */
export const CIPHER_CLASS = Buffer.from('98000000', 'hex');
/** Bytes of a MAC. */
export const TAG_BYTES = 12;
const PLAIN_BYTES = 8;

const macKey = (key: Buffer): Buffer => createHmac('sha256', key).update('mac').digest();
const encryptionKey = (key: Buffer): Buffer => createHmac('sha256', key).update('encrypt').digest().subarray(0, 16);

/** Address as it stands on the line: six bytes, lowest first. */
const lineAddress = (serial: string): Buffer => Buffer.from(serial, 'hex').reverse();

function tag(key: Buffer, parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', macKey(key));
  for (const part of parts) mac.update(part);
  return mac.digest().subarray(0, TAG_BYTES);
}

const crypt = (key: Buffer, mac: Uint8Array, bytes: Uint8Array): Buffer =>
  createCipheriv('aes-128-ctr', encryptionKey(key), Buffer.concat([mac, Buffer.alloc(4)])).update(bytes);

const switchTag = (key: Buffer, serial: string, operator: Uint8Array, plain: Uint8Array): Buffer =>
  tag(key, [lineAddress(serial), Buffer.of(FUNCTION.switch), CIPHER_CLASS, operator, plain]);

/** Data of a 1CH in ciphertext: `98 00 00 00 | C0..C3 | E0..E7 | T0..T11`. `plain` is `N1 N2 ss mm hh DD MM YY`. */
export function sealSwitch(key: Buffer, serial: string, operator: Buffer, plain: Buffer): Buffer {
  const mac = switchTag(key, serial, operator, plain);
  return Buffer.concat([CIPHER_CLASS, operator, crypt(key, mac, plain), mac]);
}

/** What such data says, or undefined when its MAC differs. */
export function openSwitch(key: Buffer, serial: string, data: Buffer): Buffer | undefined {
  if (!data.subarray(0, 4).equals(CIPHER_CLASS)) return undefined;
  const operator = data.subarray(4, 8);
  const mac = data.subarray(8 + PLAIN_BYTES, 8 + PLAIN_BYTES + TAG_BYTES);
  const plain = crypt(key, mac, data.subarray(8, 8 + PLAIN_BYTES));
  return switchTag(key, serial, operator, plain).equals(mac) ? plain : undefined;
}

/** Data of a 14H of the ciphertext class: in clear, its MAC behind it. */
export function sealWrite(key: Buffer, serial: string, before: Buffer): Buffer {
  return Buffer.concat([before, tag(key, [lineAddress(serial), Buffer.of(FUNCTION.write), before])]);
}

/** Whether the MAC of a 14H is right. */
export function writeIsGenuine(key: Buffer, serial: string, data: Buffer): boolean {
  const before = data.subarray(0, data.length - TAG_BYTES);
  return tag(key, [lineAddress(serial), Buffer.of(FUNCTION.write), before]).equals(data.subarray(-TAG_BYTES));
}
