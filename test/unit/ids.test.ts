import fc from 'fast-check';
import { contentHash, newId } from '../../src/platform/ids.js';

describe('a new id', () => {
  test('is a UUID of version 7', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('is greater than the one before, so that primary keys grow at one end', () => {
    const ids = Array.from({ length: 5_000 }, newId);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('same key, same content?', () => {
  const same = (a: Parameters<typeof contentHash>[0], b: Parameters<typeof contentHash>[0]) =>
    contentHash(a).equals(contentHash(b));

  test.each<
    [what: string, one: Parameters<typeof contentHash>[0], other: Parameters<typeof contentHash>[0], equal: boolean]
  >([
    ['the order of the fields does not matter', { a: 'x', b: 1n }, { b: 1n, a: 'x' }, true],
    ['undefined is absent', { a: 'x', b: undefined }, { a: 'x' }, true],
    ['null is absent', { a: 'x', b: null }, { a: 'x' }, true],
    ['an empty text is not absent', { a: 'x', b: '' }, { a: 'x' }, false],
    ['zero is not absent', { a: 0 }, {}, false],
    ['another value', { a: 'x' }, { a: 'y' }, false],
    ['another field', { a: 'x' }, { b: 'x' }, false],
    ['one fen', { amountMinor: 10_000n }, { amountMinor: 10_001n }, false],
    ['a value that looks like two fields', { a: '1","b":"2' }, { a: '1', b: '2' }, false],
    ['the same amount as text', { amountMinor: 10_000n }, { amountMinor: '10000' }, true],
  ])('%s', (_what, one, other, equal) => {
    expect(same(one, other)).toBe(equal);
  });

  test('differs for any two contents that differ', () => {
    const content = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), {
      maxKeys: 4,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(content, content, (one, other) => {
        const sorted = (value: object) => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
        expect(same(one, other)).toBe(sorted(one) === sorted(other));
      }),
    );
  });
});
