import { createCipheriv, createHmac } from 'node:crypto';
import { encodeAddress } from './address.js';
import { TAG_BYTES } from './clock-frames.js';
import { FUNCTION } from './control-code.js';

/**
 * What seals orders to meters of the ciphertext class (PA 98H). A company's own is a machine in a safe; the one here computes in
 * this process.
 */
export interface SecurityModule {
  /**
   * 20 bytes in place of N1 … YY.
   * @param address 12 digits
   * @param head PA P0 P1 P2 C0..C3
   * @param plaintext `N1 N2 ss mm hh DD MM YY`
   */
  sealSwitch(address: string, head: Buffer, plaintext: Buffer): Promise<Buffer>;
  /** 12 bytes behind the data of a write (14H), over all before them. */
  tagWrite(address: string, data: Buffer): Promise<Buffer>;
}

const COUNTER_BLOCK_BYTES = 16;
const CIPHER_KEY_BYTES = 16;

/** What one key of a meter is made into: one half encrypts, the other proves. */
const subkey = (key: Buffer, use: 'mac' | 'encrypt'): Buffer => createHmac('sha256', key).update(use).digest();

function tagOf(key: Buffer, address: string, fn: number, bytes: readonly Buffer[]): Buffer {
  const mac = createHmac('sha256', subkey(key, 'mac'))
    .update(encodeAddress(address))
    .update(Buffer.from([fn]));
  for (const part of bytes) mac.update(part);
  return mac.digest().subarray(0, TAG_BYTES);
}

/**
 * The software security module of schema/mqtt/README.md ("What the frames hold"): the tag is the initial counter block, so the same order is the
 * same bytes and no counter has to be kept.
 * @param keyOf the 16-byte key of a meter
 */
export function softwareSecurityModule(keyOf: (address: string) => Buffer): SecurityModule {
  return {
    sealSwitch(address, head, plaintext) {
      const key = keyOf(address);
      const tag = tagOf(key, address, FUNCTION.SWITCH, [head, plaintext]);
      const counter = Buffer.concat([tag], COUNTER_BLOCK_BYTES);
      const cipher = createCipheriv('aes-128-ctr', subkey(key, 'encrypt').subarray(0, CIPHER_KEY_BYTES), counter);
      return Promise.resolve(Buffer.concat([cipher.update(plaintext), cipher.final(), tag]));
    },
    tagWrite: (address, data) => Promise.resolve(tagOf(keyOf(address), address, FUNCTION.WRITE, [data])),
  };
}
