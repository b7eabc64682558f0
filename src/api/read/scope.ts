import DataLoader from 'dataloader';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Viewer } from '../auth/viewer.js';
import type { ApiDeps } from '../deps.js';
import { ApiError } from '../errors.js';
import type { Page, PageArgs } from '../graph/relay.js';
import type { Finder } from './finder.js';
import { readPages, type FilterValues, type ListSpec } from './lists.js';
import { reachOf, type Reach } from './reach.js';
import { NODE_ENTITIES, RELATED, type NodeName, type NodeRows, type RelatedName, type RelatedRows } from './rows.js';
import { isVisible } from './visible.js';

type AnyLoader = DataLoader<never, unknown>;

/**
 * What one request reads, and what its viewer may see. Rows asked for one by one are gathered and read together, so the number of
 * statements depends on the shape of a query and not on how many rows it meets. Every row handed out has passed the viewer's reach.
 */
export class Scope implements Finder {
  private em: SqlEntityManager | undefined;
  private loaders = new Map<string, AnyLoader>();
  private reachOnce: Promise<Reach> | undefined;

  constructor(
    private readonly deps: Pick<ApiDeps, 'em' | 'flows' | 'limits'>,
    readonly viewer: Viewer,
  ) {}

  /** Forgets what was read: a subscription calls it before each event, which must show what is, not what was. */
  renew(): void {
    this.em = undefined;
    this.loaders = new Map();
  }

  /** What this viewer can see. */
  reach(): Promise<Reach> {
    this.reachOnce ??= reachOf(this.deps.flows.db, this.viewer);
    return this.reachOnce;
  }

  /** The row of this type and id, or null if there is none within the viewer's reach. */
  async find<Name extends NodeName>(
    name: Name,
    id: string | bigint | null | undefined,
  ): Promise<NodeRows[Name] | null> {
    if (id === null || id === undefined) return null;
    const row = await this.loader<string, NodeRows[Name] | null>(`find ${name}`, (ids) =>
      this.findByIds(name, ids),
    ).load(String(id));
    return row && (await isVisible(this, name, row)) ? row : null;
  }

  /** The row whose natural key (account number, serial …) is `value`, or null if there is none within the viewer's reach. */
  async findBy<Name extends NodeName>(
    name: Name,
    property: string & keyof NodeRows[Name],
    value: string,
  ): Promise<NodeRows[Name] | null> {
    const row = (await this.manager().findOne(NODE_ENTITIES[name], { [property]: value })) as NodeRows[Name] | null;
    return row && (await isVisible(this, name, row)) ? row : null;
  }

  /** Rows that belong to a row the viewer has been shown. */
  related<Name extends RelatedName>(name: Name, id: string): Promise<RelatedRows[Name][]> {
    return this.loader<string, RelatedRows[Name][]>(`related ${name}`, (ids) => this.relatedByIds(name, ids)).load(id);
  }

  /**
   * One page of a list below the row `parentId`, or at the root (null). Pages of the same list with the same arguments are read
   * together for all parents.
   * @throws ApiError PAGE_TOO_LARGE, INVALID_CURSOR
   */
  page<Row extends object>(
    list: ListSpec<Row>,
    parentId: string | null,
    page: PageArgs,
    filters: FilterValues = {},
  ): Promise<Page<Row>> {
    this.checkPageSize(page.first);
    const db = this.deps.flows.db;
    if (parentId === null) return readPages(db, list, null, filters, page).then((pages) => pages.get(null)!);
    const form = JSON.stringify([list.name, page.first, page.after, filters]);
    const loader = this.loader<string, Page<Row>>(`page ${form}`, async (parents) => {
      const pages = await readPages(db, list, parents, filters, page);
      return parents.map((parent) => pages.get(parent)!);
    });
    return loader.load(parentId);
  }

  /** A loader of this request by name; `batch` answers for many keys, in their order. */
  loader<Key, Value>(
    name: string,
    batch: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
  ): DataLoader<Key, Value> {
    const known = this.loaders.get(name);
    if (known) return known as unknown as DataLoader<Key, Value>;
    const made = new DataLoader<Key, Value>(batch);
    this.loaders.set(name, made as unknown as AnyLoader);
    return made;
  }

  private manager(): SqlEntityManager {
    this.em ??= this.deps.em();
    return this.em;
  }

  private async findByIds<Name extends NodeName>(
    name: Name,
    ids: readonly string[],
  ): Promise<(NodeRows[Name] | null)[]> {
    const rows = (await this.manager().find(NODE_ENTITIES[name], { id: { $in: ids } })) as unknown as NodeRows[Name][];
    const byId = new Map(rows.map((row) => [String(row.id), row]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  private async relatedByIds<Name extends RelatedName>(
    name: Name,
    ids: readonly string[],
  ): Promise<RelatedRows[Name][][]> {
    const { entity, by, where, orderBy } = RELATED[name];
    const rows = await this.manager().find(entity, { [by]: { $in: ids }, ...where }, { orderBy });
    const grouped = Map.groupBy(rows as Record<string, unknown>[], (row) => String(row[by]));
    return ids.map((id) => (grouped.get(id) ?? []) as unknown as RelatedRows[Name][]);
  }

  /**
   * The whole request was checked before; named here too, because no list may be read without a bound.
   * @throws ApiError PAGE_TOO_LARGE
   */
  checkPageSize(first: number): void {
    const most = this.deps.limits.pageSize.value;
    if (!Number.isInteger(first) || first < 1 || first > most) {
      throw new ApiError(
        'PAGE_TOO_LARGE',
        `\`first\` is ${first}; ask for 1 to ${most} nodes and page on with \`after\`.`,
        400,
      );
    }
  }
}
