/**
 * Money as integers: `bigint` minor units (fen, cent, fils) beside an ISO 4217 currency code. A decimal string is the only form in
 * which an amount enters or leaves; no floating-point number is ever involved, so what was paid is what is kept.
 */

/** Currencies the product handles, with the number of decimals of their minor unit (ISO 4217). */
export const CURRENCY_DECIMALS = {
  CNY: 2,
  USD: 2,
  EUR: 2,
  GBP: 2,
  AUD: 2,
  INR: 2,
  ZAR: 2,
  JPY: 0,
  KWD: 3,
} as const;

/** A currency code the product knows. */
export type Currency = keyof typeof CURRENCY_DECIMALS;

/**
 * Amounts must stay below this (ten trillion yuan). No real bill or payment comes near it, and sums of
 * thousands of such amounts still fit into a PostgreSQL bigint.
 */
export const MAX_AMOUNT_MINOR = 10n ** 15n;

/** Why a text is not an acceptable amount. The codes are part of the API. */
export type AmountErrorCode = 'NEGATIVE' | 'ZERO' | 'OVER_PRECISE' | 'NOT_A_NUMBER' | 'TOO_LARGE' | 'UNKNOWN_CURRENCY';

/** An amount in minor units, or the reason why there is none. */
export type ParsedAmount = { ok: true; minor: bigint } | { ok: false; code: AmountErrorCode; message: string };

/** A decimal text as a scaled integer, or the reason why it is not one. */
export type ParsedDecimal =
  { ok: true; scaled: bigint } | { ok: false; code: 'NOT_A_NUMBER' | 'OVER_PRECISE' | 'TOO_LARGE'; message: string };

/** Plain decimals only: no sign but a minus, no exponent, no grouping, no leading zeros, ASCII digits. */
const DECIMAL_PATTERN = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** More whole digits than any amount or price has; longer texts are refused before they cost a conversion. */
const MAX_WHOLE_DIGITS = 18;

/** Texts are quoted in messages up to this length, so that a hostile input cannot fill a log. */
const MAX_QUOTED_LENGTH = 40;

const quote = (text: string): string =>
  JSON.stringify(text.length <= MAX_QUOTED_LENGTH ? text : `${text.slice(0, MAX_QUOTED_LENGTH)}…`);

/** True for a currency code the product knows; codes are upper case. */
export function isCurrency(code: string): code is Currency {
  return Object.hasOwn(CURRENCY_DECIMALS, code);
}

/**
 * Reads a plain decimal as an integer scaled by 10^`decimals`: ('0.588', 6) → 588000n. Written digits count: '1.000' has three
 * decimals even though they are zeros, because whoever wrote them meant another unit.
 */
export function parseDecimal(decimal: string, decimals: number): ParsedDecimal {
  const match = DECIMAL_PATTERN.exec(decimal);
  if (!match) {
    return {
      ok: false,
      code: 'NOT_A_NUMBER',
      message: `${quote(decimal)} is not a plain decimal number; write it like "12.34", without grouping, exponent or leading zeros.`,
    };
  }
  const [, sign = '', whole = '', fraction = ''] = match;
  if (fraction.length > decimals) {
    return {
      ok: false,
      code: 'OVER_PRECISE',
      message: `${quote(decimal)} has more than ${decimals} decimals; round it to ${decimals} before sending it.`,
    };
  }
  if (whole.length > MAX_WHOLE_DIGITS) {
    return {
      ok: false,
      code: 'TOO_LARGE',
      message: `${quote(decimal)} has more than ${MAX_WHOLE_DIGITS} whole digits.`,
    };
  }
  const magnitude = BigInt(whole + fraction.padEnd(decimals, '0'));
  return { ok: true, scaled: sign === '-' ? -magnitude : magnitude };
}

/**
 * Reads an amount in major units ("12.34") as minor units of `currency`. Zero and negative amounts are refused unless the caller
 * allows them. Never throws: every refusal is a code and a message that says what to do.
 */
export function parseAmount(
  decimal: string,
  currency: string,
  allow: { zero?: boolean; negative?: boolean } = {},
): ParsedAmount {
  if (!isCurrency(currency)) {
    const known = Object.keys(CURRENCY_DECIMALS).join(', ');
    return {
      ok: false,
      code: 'UNKNOWN_CURRENCY',
      message: `Currency ${quote(currency)} is not known; use one of ${known}.`,
    };
  }
  const parsed = parseDecimal(decimal, CURRENCY_DECIMALS[currency]);
  if (!parsed.ok) return parsed;
  const minor = parsed.scaled;
  if (minor === 0n && !allow.zero) {
    return { ok: false, code: 'ZERO', message: 'The amount is zero; send an amount greater than zero.' };
  }
  if (minor < 0n && !allow.negative) {
    return { ok: false, code: 'NEGATIVE', message: `${quote(decimal)} is negative; send an amount greater than zero.` };
  }
  if (minor >= MAX_AMOUNT_MINOR || minor <= -MAX_AMOUNT_MINOR) {
    return {
      ok: false,
      code: 'TOO_LARGE',
      message: `${quote(decimal)} is too large; an amount must be below ${formatAmount(MAX_AMOUNT_MINOR, currency)} ${currency}.`,
    };
  }
  return { ok: true, minor };
}

/**
 * Writes minor units as a decimal in major units with exactly the currency's decimals: (1234n, 'CNY') → "12.34".
 * @throws RangeError for an unknown currency: amounts in the system always carry a known one.
 */
export function formatAmount(minor: bigint, currency: string): string {
  if (!isCurrency(currency)) throw new RangeError(`Cannot format an amount in unknown currency ${quote(currency)}.`);
  return formatDecimal(minor, CURRENCY_DECIMALS[currency]);
}

/** Writes an integer scaled by 10^`decimals` as a decimal: (588000n, 6) → "0.588000". */
export function formatDecimal(scaled: bigint, decimals: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  const sign = scaled < 0n ? '-' : '';
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/**
 * Divides, rounding half up (四舍五入). Halves go away from zero, so that the reversal of an amount is exactly its negative.
 * @throws RangeError when `divisor` is not positive.
 */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  if (divisor <= 0n) throw new RangeError(`Cannot divide by ${divisor}; the divisor must be positive.`);
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  return dividend < 0n ? -rounded : rounded;
}

/**
 * `amount × numerator ÷ denominator` on whole numbers, rounded once, half up: a rate of 1 ‰ a day over 12 days is
 * `multiplyRateHalfUp(baseMinor, 12n, 1000n)`.
 * @throws RangeError when `denominator` is not positive.
 */
export function multiplyRateHalfUp(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  return divideHalfUp(amount * numerator, denominator);
}
