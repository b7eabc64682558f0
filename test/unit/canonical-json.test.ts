import fc from 'fast-check';
import { canonicalJson as ours } from '../../src/head-end/codecs/canonical-json.js';
import { canonicalJson as theMeters } from '../../simulator/wire/canonical-json.js';

// Two encoders written apart: one mistake cannot hide in both.
describe.each([
  ['head-end', ours as (value: unknown) => string],
  ['simulator', theMeters as (value: unknown) => string],
])('canonical JSON of the %s (RFC 8785)', (_whose, canonicalJson) => {
  test.each<[what: string, value: unknown, text: string]>([
    ['members by name, no spaces', { b: 1, a: 'x', c: [true, false] }, '{"a":"x","b":1,"c":[true,false]}'],
    ['members of members', { z: { b: 1, a: 2 }, a: [{ d: 1, c: 2 }] }, '{"a":[{"c":2,"d":1}],"z":{"a":2,"b":1}}'],
    ['arrays keep their order', [3, 1, 2], '[3,1,2]'],
    ['capitals before small letters', { a: 1, B: 2, _: 3 }, '{"B":2,"_":3,"a":1}'],
    ['digits as text, not as numbers', { 10: 'ten', 9: 'nine', 1: 'one' }, '{"1":"one","10":"ten","9":"nine"}'],
    ['absent members are left out', { a: undefined, b: 1 }, '{"b":1}'],
    ['empty', {}, '{}'],
    ['minus zero is zero', { a: -0 }, '{"a":0}'],
    ['the greatest integer', { a: Number.MAX_SAFE_INTEGER }, '{"a":9007199254740991}'],
    ['control characters', '\u0000\b\t\n\f\r\u001f', '"\\u0000\\b\\t\\n\\f\\r\\u001f"'],
    ['quotes and backslashes', '"\\/', '"\\"\\\\/"'],
    ['other characters as they are', '复电 \u007f \u2028 €', '"复电 \u007f \u2028 €"'],
  ])('%s', (_what, value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('members are sorted by UTF-16 code units (the example of RFC 8785 §3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toEqual([
      '1',
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ]);
    expect(canonicalJson(value).indexOf('\\r')).toBeLessThan(canonicalJson(value).indexOf('One'));
    expect(canonicalJson(value).indexOf('Emoji')).toBeLessThan(canonicalJson(value).indexOf('Hebrew'));
  });
});

const contractValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 6 }), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test('both write the same bytes, and reading them gives the value back', () => {
  fc.assert(
    fc.property(contractValue, (value) => {
      const text = ours(value);
      expect(text).toBe(theMeters(value as Parameters<typeof theMeters>[0]));
      expect(ours(JSON.parse(text))).toBe(text);
    }),
  );
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1])(
  'the head-end refuses %p: the contract has no such number',
  (value) => {
    expect(() => ours({ value })).toThrow(RangeError);
  },
);
