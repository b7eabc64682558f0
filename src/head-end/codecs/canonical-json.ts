/**
 * Canonical JSON (RFC 8785) for the values of the contract: objects, arrays, strings, booleans, safe integers. Object keys are
 * sorted by UTF-16 code units, absent (`undefined`) ones left out.
 * @throws RangeError for a number that is not a safe integer: the contract has none
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`the contract has no number like ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
