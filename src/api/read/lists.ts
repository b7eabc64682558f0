import { statement, type Reader, type Statement } from '../../platform/database.js';
import { parseCursor, toCursor, type KeyType } from '../cursor.js';
import type { Page, PageArgs } from '../graph/relay.js';
import { isGiven } from '../given.js';

/** One column a list is ordered by. The last one makes the order total. */
export interface OrderKey {
  /** Column of the row, alias `t`. */
  readonly column: string;
  readonly type: KeyType;
}

/** An entity as `defineEntity` gives it, as far as its columns go. */
export interface EntityColumns {
  readonly meta: { readonly tableName?: string; readonly properties: object };
}

/**
 * A list as data: what it reads, in which order, and what it may be narrowed by. `Row` is the entity's row.
 * Everything in it is SQL text written here, never from a caller; values travel as parameters.
 */
export interface ListSpec<Row> {
  readonly name: string;
  readonly from: string;
  readonly columns: string;
  /** Column that names the parent, for a list below an object. `from` may also speak of `parent.id` itself. */
  readonly parent?: string;
  readonly keys: readonly OrderKey[];
  readonly descending: boolean;
  /** Conditions by name; `?` stands for the value, which is given with its type. */
  readonly filters: Readonly<Record<string, string>>;
  /** Only for the compiler: what a row is. */
  readonly '~row'?: Row;
}

/** Values for some of a list's filters. */
export type FilterValues = Readonly<Record<string, unknown>>;

const snake = (property: string): string => property.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** `t.bill_number AS "billNumber", …` for every property of an entity. */
export const columnsOf = (entity: EntityColumns): string =>
  Object.keys(entity.meta.properties)
    .map((property) => `t.${snake(property)} AS "${property}"`)
    .join(', ');

/** Declares a list over one entity's table. */
export function listOf<Row>(
  name: string,
  entity: EntityColumns,
  spec: Pick<ListSpec<Row>, 'keys' | 'descending'> & Partial<ListSpec<Row>>,
): ListSpec<Row> {
  return { name, from: `${entity.meta.tableName} t`, columns: columnsOf(entity), filters: {}, ...spec };
}

/**
 * Reads one page for each parent (or one page at the root, `parents` null) in a single statement. The caller has checked `first`.
 * @throws ApiError INVALID_CURSOR
 */
export async function readPages<Row extends object>(
  db: Reader,
  spec: ListSpec<Row>,
  parents: readonly string[] | null,
  filters: FilterValues,
  page: PageArgs,
): Promise<Map<string | null, Page<Row>>> {
  const used = Object.keys(spec.filters).filter((filter) => isGiven(filters[filter]));
  const types = spec.keys.map(({ type }) => type);
  const after = isGiven(page.after) ? parseCursor(spec.name, types, page.after) : [];
  const values = [...(parents ? [parents] : []), page.first + 1, ...after, ...used.map((filter) => filters[filter])];
  const rows = await db.rows<KeyedRow>(statementFor(spec, parents !== null, after.length > 0, used), values);

  const grouped = new Map<string | null, KeyedRow[]>((parents ?? [null]).map((parent) => [parent, []]));
  for (const row of rows) grouped.get(row.parentId ?? null)?.push(row);
  return new Map([...grouped].map(([parent, found]) => [parent, toPage<Row>(spec, found, page)]));
}

interface KeyedRow {
  readonly parentId?: string;
  readonly cursorKeys: string[];
}

function toPage<Row extends object>(spec: ListSpec<Row>, rows: readonly KeyedRow[], page: PageArgs): Page<Row> {
  const edges = rows.slice(0, page.first).map(({ cursorKeys, parentId: _parent, ...node }) => ({
    cursor: toCursor(spec.name, cursorKeys),
    node: node as unknown as Row,
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > page.first,
      hasPreviousPage: isGiven(page.after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const statements = new Map<string, Statement>();

/** The statement of a list for one combination of filters; their number is small and fixed by the lists declared. */
function statementFor<Row>(
  spec: ListSpec<Row>,
  nested: boolean,
  hasAfter: boolean,
  used: readonly string[],
): Statement {
  const form = [spec.name, nested, hasAfter, ...used].join(' ');
  const known = statements.get(form);
  if (known) return known;
  // Numbered: PostgreSQL cuts statement names after 63 bytes, and two long ones could then be taken for each other.
  const built = statement(`api-list-${spec.name}-${statements.size}`, textOf(spec, nested, hasAfter, used));
  statements.set(form, built);
  return built;
}

function textOf<Row>(spec: ListSpec<Row>, nested: boolean, hasAfter: boolean, used: readonly string[]): string {
  let parameter = nested ? 1 : 0;
  const next = (): string => `$${(parameter += 1)}`;
  const limit = next();
  const direction = spec.descending ? 'DESC' : 'ASC';
  const conditions: string[] = nested && spec.parent ? [`${spec.parent} = parent.id`] : [];
  if (hasAfter) {
    const bounds = spec.keys.map(({ type }) => `${next()}::${type}`);
    conditions.push(
      `(${spec.keys.map(({ column }) => column).join(', ')}) ${spec.descending ? '<' : '>'} (${bounds.join(', ')})`,
    );
  }
  for (const filter of used) {
    const value = next();
    conditions.push(`(${spec.filters[filter]!.replaceAll('?', value)})`);
  }
  const select = `SELECT ${spec.columns}, ARRAY[${spec.keys.map(keyText).join(', ')}] AS "cursorKeys"
    FROM ${spec.from} WHERE ${conditions.join(' AND ') || 'true'}
    ORDER BY ${spec.keys.map(({ column }) => `${column} ${direction}`).join(', ')} LIMIT ${limit}`;
  return nested
    ? `SELECT parent.id AS "parentId", x.* FROM unnest($1::uuid[]) AS parent (id) CROSS JOIN LATERAL (${select}) x`
    : select;
}

/** A key as text that PostgreSQL reads back as exactly the same value. */
function keyText({ column, type }: OrderKey): string {
  if (type === 'timestamptz') return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'`;
  return type === 'date' ? `to_char(${column}, 'YYYY-MM-DD')` : `${column}::text`;
}
