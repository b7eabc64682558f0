/** Why bytes are no DL/T 645 frame, or why a frame must not be made. */
export type Dlt645Code =
  | 'ADDRESS'
  | 'WILDCARD_ADDRESS'
  | 'TOO_SHORT'
  | 'START'
  | 'SECOND_START'
  | 'TOO_LONG'
  | 'CUT_OFF'
  | 'CHECKSUM'
  | 'END'
  | 'TRAILING_BYTES'
  | 'NOT_BCD'
  | 'NOT_A_DATE'
  | 'DATA_LENGTH'
  | 'DATA_IDENTIFIER'
  | 'DELAY_MISSING'
  | 'PASSWORD'
  | 'CIPHERTEXT'
  | 'FOLLOW_UP';

/** Thrown where a caller asks for a frame that must not exist. What comes from the field never throws: it is answered with a code. */
export class Dlt645Error extends Error {
  override readonly name = 'Dlt645Error';

  constructor(
    readonly code: Dlt645Code,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}
