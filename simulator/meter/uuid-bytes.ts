const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Bytes of a UUID; its text takes 56 on the heap. */
const UUID_BYTES = 16;

/** Whether this is a UUID as the contract writes it: lower case, with hyphens. */
export const isUuid = (text: string): boolean => UUID.test(text);

/** One UUID or nothing for each meter, in 17 bytes. */
export class UuidColumn {
  readonly #bytes: Buffer;
  readonly #present: Uint8Array;

  constructor(length: number) {
    this.#bytes = Buffer.alloc(length * UUID_BYTES);
    this.#present = new Uint8Array(length);
  }

  /** The UUID, or '' where there is none. */
  get(index: number): string {
    if (this.#present[index] === 0) return '';
    const hex = this.#bytes.toString('hex', index * UUID_BYTES, (index + 1) * UUID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Sets it; '' takes it away. @throws RangeError when the text is anything but a UUID in lower case. */
  set(index: number, text: string): void {
    if (text !== '' && !isUuid(text)) throw new RangeError(`${JSON.stringify(text)} is no UUID in lower case.`);
    this.#present[index] = text === '' ? 0 : 1;
    if (text !== '') this.#bytes.write(text.replaceAll('-', ''), index * UUID_BYTES, 'hex');
  }
}
