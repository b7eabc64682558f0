import fc from 'fast-check';
import {
  CURRENCY_DECIMALS,
  MAX_AMOUNT_MINOR,
  divideHalfUp,
  formatAmount,
  formatDecimal,
  multiplyRateHalfUp,
  parseAmount,
  parseDecimal,
} from '../../src/platform/money.js';
import type { AmountErrorCode, Currency } from '../../src/platform/money.js';

describe('parseAmount', () => {
  const accepted: [decimal: string, currency: string, minor: bigint][] = [
    ['0.01', 'CNY', 1n],
    ['12.34', 'CNY', 1_234n],
    ['12.3', 'CNY', 1_230n],
    ['12', 'CNY', 1_200n],
    ['9999999999999.99', 'CNY', MAX_AMOUNT_MINOR - 1n],
    ['1234', 'JPY', 1_234n],
    ['1.234', 'KWD', 1_234n],
    ['999999999999.999', 'KWD', MAX_AMOUNT_MINOR - 1n],
    ['0.05', 'USD', 5n],
    ['0.05', 'EUR', 5n],
    ['0.05', 'GBP', 5n],
    ['0.05', 'AUD', 5n],
    ['0.05', 'INR', 5n],
    ['0.05', 'ZAR', 5n],
  ];
  test.each(accepted)('%s %s is %s minor units', (decimal, currency, minor) => {
    expect(parseAmount(decimal, currency)).toEqual({ ok: true, minor });
  });

  const refused: [decimal: string, currency: string, code: AmountErrorCode][] = [
    ['0', 'CNY', 'ZERO'],
    ['0.00', 'CNY', 'ZERO'],
    ['-0.00', 'CNY', 'ZERO'],
    ['-0.01', 'CNY', 'NEGATIVE'],
    ['0.001', 'CNY', 'OVER_PRECISE'],
    ['1.000', 'CNY', 'OVER_PRECISE'],
    ['1.0', 'JPY', 'OVER_PRECISE'],
    ['1.2345', 'KWD', 'OVER_PRECISE'],
    ['10000000000000.00', 'CNY', 'TOO_LARGE'],
    ['1000000000000.000', 'KWD', 'TOO_LARGE'],
    ['1000000000000000', 'JPY', 'TOO_LARGE'],
    ['1'.repeat(100_000), 'CNY', 'TOO_LARGE'],
    ['', 'CNY', 'NOT_A_NUMBER'],
    [' 1', 'CNY', 'NOT_A_NUMBER'],
    ['1 ', 'CNY', 'NOT_A_NUMBER'],
    ['1\n', 'CNY', 'NOT_A_NUMBER'],
    ['+1', 'CNY', 'NOT_A_NUMBER'],
    ['1.', 'CNY', 'NOT_A_NUMBER'],
    ['.5', 'CNY', 'NOT_A_NUMBER'],
    ['007', 'CNY', 'NOT_A_NUMBER'],
    ['1e3', 'CNY', 'NOT_A_NUMBER'],
    ['0x10', 'CNY', 'NOT_A_NUMBER'],
    ['1,000.00', 'CNY', 'NOT_A_NUMBER'],
    ['1.2.3', 'CNY', 'NOT_A_NUMBER'],
    ['NaN', 'CNY', 'NOT_A_NUMBER'],
    ['Infinity', 'CNY', 'NOT_A_NUMBER'],
    ['１２', 'CNY', 'NOT_A_NUMBER'],
    ['٣', 'CNY', 'NOT_A_NUMBER'],
    ['1.00', 'cny', 'UNKNOWN_CURRENCY'],
    ['1.00', 'XYZ', 'UNKNOWN_CURRENCY'],
    ['1.00', 'toString', 'UNKNOWN_CURRENCY'],
    ['1.00', '', 'UNKNOWN_CURRENCY'],
  ];
  test.each(refused)('%s %s is refused as %s', (decimal, currency, code) => {
    expect(parseAmount(decimal, currency)).toMatchObject({ ok: false, code });
  });

  test('the caller decides about zero and negative amounts', () => {
    expect(parseAmount('0.00', 'CNY', { zero: true })).toEqual({ ok: true, minor: 0n });
    expect(parseAmount('-0.00', 'CNY', { zero: true })).toEqual({ ok: true, minor: 0n });
    expect(parseAmount('-12.34', 'CNY', { negative: true })).toEqual({ ok: true, minor: -1_234n });
    expect(parseAmount('0.00', 'CNY', { negative: true })).toMatchObject({ code: 'ZERO' });
    expect(parseAmount('-10000000000000.00', 'CNY', { negative: true })).toMatchObject({ code: 'TOO_LARGE' });
  });

  test('a message quotes a hostile text only in part', () => {
    const result = parseAmount('x'.repeat(100_000), 'CNY');
    expect(result.ok ? '' : result.message.length).toBeLessThan(200);
  });
});

test('formatting is the inverse of parsing for every currency', () => {
  const currencies = Object.keys(CURRENCY_DECIMALS) as Currency[];
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n - MAX_AMOUNT_MINOR, max: MAX_AMOUNT_MINOR - 1n }),
      fc.constantFrom(...currencies),
      (minor, currency) => {
        const text = formatAmount(minor, currency);
        expect(parseAmount(text, currency, { zero: true, negative: true })).toEqual({ ok: true, minor });
      },
    ),
  );
});

test.each<[minor: bigint, currency: string, text: string]>([
  [0n, 'CNY', '0.00'],
  [5n, 'CNY', '0.05'],
  [-5n, 'CNY', '-0.05'],
  [123_456n, 'CNY', '1234.56'],
  [0n, 'JPY', '0'],
  [7n, 'JPY', '7'],
  [1n, 'KWD', '0.001'],
])('%s minor units of %s read %s', (minor, currency, text) => {
  expect(formatAmount(minor, currency)).toBe(text);
});

test('an amount in an unknown currency cannot be formatted', () => {
  expect(() => formatAmount(1n, 'XYZ')).toThrow(/XYZ/);
});

test('a price keeps six decimals and refuses a seventh', () => {
  expect(parseDecimal('0.735686', 6)).toEqual({ ok: true, scaled: 735_686n });
  expect(parseDecimal('0.5', 6)).toEqual({ ok: true, scaled: 500_000n });
  expect(parseDecimal('0.66286875', 6)).toMatchObject({ ok: false, code: 'OVER_PRECISE' });
  expect(formatDecimal(588_000n, 6)).toBe('0.588000');
});

describe('rounding half up', () => {
  test.each<[dividend: bigint, divisor: bigint, quotient: bigint]>([
    [0n, 10n, 0n],
    [4n, 10n, 0n],
    [5n, 10n, 1n],
    [14n, 10n, 1n],
    [15n, 10n, 2n],
    [25n, 10n, 3n],
    [-4n, 10n, 0n],
    [-5n, 10n, -1n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [10n ** 40n, 3n, (10n ** 40n - 1n) / 3n],
  ])('%s / %s is %s', (dividend, divisor, quotient) => {
    expect(divideHalfUp(dividend, divisor)).toBe(quotient);
  });

  test('is within half of the exact value, and a reversal is the exact negative', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 12n }), (dividend, divisor) => {
        const doubledError = 2n * (divideHalfUp(dividend, divisor) * divisor - dividend);
        expect(doubledError <= divisor && doubledError >= -divisor).toBe(true);
        expect(divideHalfUp(-dividend, divisor)).toBe(-divideHalfUp(dividend, divisor));
      }),
    );
  });

  test('a rate is rounded once, at the end', () => {
    expect(multiplyRateHalfUp(10_050n, 12n, 1_000n)).toBe(121n); // 1‰ a day, 12 days on 100.50 yuan: 1.206
    expect(multiplyRateHalfUp(125n, 1n, 10n)).toBe(13n);
  });

  test('a divisor must be positive', () => {
    expect(() => divideHalfUp(1n, 0n)).toThrow(RangeError);
    expect(() => multiplyRateHalfUp(1n, 1n, -2n)).toThrow(RangeError);
  });
});
