/** What the bytes seen so far say. `malformed`: a length of more than four bytes, which MQTT 3.1.1 §2.2.3 forbids. */
export type PacketVerdict = 'ok' | 'too long' | 'malformed';

/**
 * Follows the packet boundaries of an MQTT byte stream and tells of a packet that announces itself as too long, after
 * its first two to five bytes and before any of its body is gathered. It looks at nothing but the fixed headers.
 */
export class PacketMeter {
  #state: 'type' | 'length' | 'body' = 'type';
  #remainingBytes = 0;
  #lengthShift = 0;

  /** @param maxRemainingBytes greatest "remaining length" (variable header and payload) let through */
  constructor(private readonly maxRemainingBytes: number) {}

  /** Takes the next chunk in order. After anything but `ok` the stream is lost and the meter must not be used again. */
  take(chunk: Uint8Array): PacketVerdict {
    let position = 0;
    while (position < chunk.length) {
      if (this.#state === 'type') {
        position += 1;
        this.#state = 'length';
        this.#remainingBytes = 0;
        this.#lengthShift = 0;
      } else if (this.#state === 'length') {
        const verdict = this.#takeLengthByte(chunk[position] as number);
        if (verdict !== 'ok') return verdict;
        position += 1;
      } else {
        const step = Math.min(this.#remainingBytes, chunk.length - position);
        position += step;
        this.#remainingBytes -= step;
        if (this.#remainingBytes === 0) this.#state = 'type';
      }
    }
    return 'ok';
  }

  /** Seven bits a byte, lowest first; the high bit says that another byte follows. */
  #takeLengthByte(byte: number): PacketVerdict {
    this.#remainingBytes += (byte & 0x7f) << this.#lengthShift;
    this.#lengthShift += 7;
    if (this.#remainingBytes > this.maxRemainingBytes) return 'too long';
    const more = (byte & 0x80) !== 0;
    if (more && this.#lengthShift > 21) return 'malformed';
    if (!more) this.#state = this.#remainingBytes === 0 ? 'type' : 'body';
    return 'ok';
  }
}
