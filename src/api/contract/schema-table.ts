import { escapeHtml, jsonHtml, prose } from './html.js';
import type { JsonSchema } from './read-contract.js';

interface Row {
  readonly path: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** The members of an object, those of objects inside it below their own. */
function rowsOf(schema: JsonSchema, prefix = ''): Row[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    const inner = member.items ? rowsOf(member.items, `${path}[].`) : rowsOf(member, `${path}.`);
    return [{ path, required: required.has(name), schema: member }, ...inner];
  });
}

/** Patterns that a reader knows by another name. */
const KNOWN_PATTERNS: Readonly<Record<string, string>> = {
  '^[0-9]{12}$': '12 decimal digits',
  '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$': 'UUID, lower case',
  '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$': 'instant, <code>2026-03-10T02:00:00.000Z</code>',
  '^\\d{4}-\\d{2}-\\d{2}$': 'local day, <code>2026-03-10</code>',
};

const code = (value: unknown): string => `<code>${escapeHtml(JSON.stringify(value))}</code>`;

/** The names of what may stand in a place, for alternatives that are schemas of their own. */
const alternatives = (schemas: readonly JsonSchema[]): string =>
  schemas
    .map((one) => one.$ref ?? one.allOf?.find(({ $ref }) => $ref)?.$ref ?? 'an object')
    .map((file) => `<a href="/contract/${escapeHtml(file)}">${escapeHtml(file.replace('.schema.json', ''))}</a>`)
    .join(', ');

/** What values a member may have. */
function valuesOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' · ');
  const { minItems, maxItems, items } = schema;
  if (schema.type === 'array') {
    const count = maxItems === undefined ? '' : ` (${minItems ?? 0} to ${maxItems})`;
    const inside = items?.oneOf ? `one of ${alternatives(items.oneOf)}` : items?.properties ? 'objects' : '';
    return `list${count} of ${inside || (items ? valuesOf(items) : 'anything')}`;
  }
  const known = KNOWN_PATTERNS[schema.pattern ?? ''];
  if (known) return known;
  const parts = [escapeHtml(schema.type ?? 'any')];
  if (schema.minimum !== undefined || schema.maximum !== undefined)
    parts.push(`${schema.minimum ?? '…'} to ${schema.maximum ?? '…'}`);
  if (schema.maxLength !== undefined) parts.push(`${schema.minLength ?? 0} to ${schema.maxLength} characters`);
  if (schema.pattern !== undefined) parts.push(`<code class="pattern">${escapeHtml(schema.pattern)}</code>`);
  return parts.join(', ');
}

/** A schema as a table, with what no table can say as JSON below it. */
export function schemaTable(schema: JsonSchema, caption: string): string {
  const rows = rowsOf(schema).map(
    ({ path, required, schema: member }) =>
      `<tr><th scope="row"><code>${escapeHtml(path)}</code></th><td>${required ? 'yes' : 'no'}</td><td>${valuesOf(member)}</td><td>${prose(member.description ?? '')}</td></tr>`,
  );
  const conditions = schema.allOf
    ? `<details><summary>Conditions between members</summary>${jsonHtml(schema.allOf)}</details>`
    : '';
  return `<div class="scroll" role="region" aria-label="${escapeHtml(caption)}" tabindex="0"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr><th scope="col">Member</th><th scope="col">Required</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>${conditions}`;
}
