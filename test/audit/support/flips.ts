import type { AuditWorld, Dice } from './audit-world.js';

/** The columns of a table with their types, as the database has them. */
export async function columnsOf(world: AuditWorld, table: string): Promise<{ name: string; type: string }[]> {
  return world.sql<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
}

const OTHER = 'abcdefghijklmnopqrstuvwxyz0123456789';
const DIGITS = '0123456789';
const HEX = '0123456789abcdef';

function otherAt(text: string, at: number, alphabet: string, dice: Dice): string {
  const choices = [...alphabet].filter((one) => one !== text[at]);
  return text.slice(0, at) + dice.pick(choices) + text.slice(at + 1);
}

/** The same value with one character changed, so that it still fits its type as far as that can be told here. */
function flipped(text: string | null, type: string, dice: Dice): string {
  if (text === null) return type === 'uuid' ? '00000000-0000-7000-8000-000000000000' : '';
  if (text === '') return 'x';
  // No other object has two bytes.
  if (text === '{}') return '[]';
  const places = [...text].map((_one, at) => at).filter((at) => !/[-\\{},]/.test(text[at]!) || type === 'text');
  const at = dice.pick(type === 'bytea' ? places.filter((place) => place > 1) : places);
  switch (type) {
    case 'uuid':
    case 'bytea':
      return otherAt(text, at, HEX, dice);
    case 'text':
    case 'jsonb':
      return otherAt(text, at, OTHER, dice);
    default:
      return otherAt(text, at, DIGITS, dice);
  }
}

/** Expression that shows a value as text without loss, and one that makes a value of such a text. */
const SPELLING: Readonly<Record<string, { show: (column: string) => string; make: (text: string) => string }>> = {
  'timestamp with time zone': {
    show: (column) => `trunc(extract(epoch FROM ${column}) * 1000)::text`,
    make: (text) => `to_timestamp(${text}::numeric / 1000)`,
  },
};
/** Of an entry's instants the last digit is a microsecond. */
const MICROS = {
  show: (column: string) => `trunc(extract(epoch FROM ${column}) * 1000000)::text`,
  make: (text: string) => `'epoch'::timestamptz + ${text}::bigint * interval '1 microsecond'`,
};

/** A row by its key. */
export interface Place {
  readonly table: string;
  readonly key: string;
  readonly id: string;
}

/**
 * Changes one byte of one column of one row, behind the product's back. Which byte is thrown; a change that the type refuses, or that
 * says the same in other letters, is thrown again. Returns what it did, in words.
 */
export async function flipByte(
  world: AuditWorld,
  { table, key, id }: Place,
  column: { name: string; type: string },
  dice: Dice,
): Promise<string> {
  const { name, type } = column;
  const spelling = (table === 'audit_entry' && type.startsWith('timestamp') ? MICROS : SPELLING[type]) ?? {
    show: (one: string) => `${one}::text`,
    make: (text: string) => `${text}::${type}`,
  };
  const [row] = await world.sql<{ value: string | null }>(
    `SELECT ${spelling.show(name)} AS value FROM ${table} WHERE ${key} = $1`,
    [id],
  );
  if (!row) throw new Error(`${table} has no row ${id}`);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const value = flipped(row.value, type, dice);
    try {
      const changed = await world.sql(
        `UPDATE ${table} SET ${name} = ${spelling.make('$2::text')} WHERE ${key} = $1
           AND ${spelling.show(spelling.make('$2::text'))} IS DISTINCT FROM ${spelling.show(name)} RETURNING 1`,
        [id, value],
      );
      if (changed.length > 0) return `${table}.${name} of ${id}: ${row.value} → ${value}`;
    } catch (error) {
      // No such value of this type, or the number of another row: another byte.
      if (!/^2[23]/.test((error as { code?: string }).code ?? '')) throw error;
    }
  }
  throw new Error(`no byte of ${table}.${name} of ${id} can be changed: ${row.value}`);
}
