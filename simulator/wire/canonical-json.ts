/** Values the contract allows: no floats, no null. */
export type ContractValue = string | number | boolean | ContractValue[] | { [key: string]: ContractValue | undefined };

/**
 * Canonical JSON (RFC 8785) for the contract's values: keys sorted by UTF-16 code units, no spaces, absent (undefined)
 * members left out. JSON.stringify already writes strings and integers the way RFC 8785 §3.2.2 wants them.
 */
export function canonicalJson(value: ContractValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
