import { GraphQLID, GraphQLInt } from 'graphql';
import { ArgsType, Field, InterfaceType, ObjectType, type ClassType } from 'type-graphql';

/** Rows do not know which GraphQL type shows them; whoever hands one out as a Node says so here. */
const typeOfRow = new WeakMap<object, string>();

/** Marks a row as a Node of this GraphQL type. */
export function asNode<Row extends object>(type: string, row: Row): Row {
  typeOfRow.set(row, type);
  return row;
}

/** Everything that has an id of its own. The resolver of `id` is set for all implementations at once in schema.ts. */
@InterfaceType('Node', {
  description: 'An object with a global id (全局标识); `node(id)` finds it again.',
  resolveType: (row: object) => typeOfRow.get(row),
})
export abstract class NodeType {
  @Field(() => GraphQLID, { description: 'Global id (全局标识): opaque, the same for ever, unique over all types.' })
  id!: string | bigint;
}

@ObjectType('PageInfo', { simpleResolvers: true, description: 'Where a page stands in its list (分页信息).' })
export class PageInfoType {
  @Field(() => Boolean, { description: 'True when there is more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True when this page was asked for with `after`.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last edge, to be given as `after` for the next page; null on an empty page.',
  })
  endCursor!: string | null;
}

/** Arguments of every list. */
@ArgsType()
export class PageArgs {
  @Field(() => GraphQLInt, {
    description:
      'How many nodes at most (每页条数): 1 to 100. Required; more is the error PAGE_TOO_LARGE, never a silent cut.',
  })
  first!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor after which to go on (游标): `pageInfo.endCursor` of the page before. Opaque.',
  })
  after?: string | null;
}

/** One page as the list readers return it. */
export interface Page<Row> {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly pageInfo: PageInfoType;
}

/** Makes the connection and edge types of a list of `node`s: `connectionOf('Bill', …)` gives BillConnection and BillEdge. */
export function connectionOf(name: string, node: () => ClassType<object>, title: string): ClassType<Page<object>> {
  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: `One ${title} in a list, with its cursor.` })
  class Edge {
    @Field(() => String, { description: 'Cursor of this edge (游标), opaque.' })
    cursor!: string;

    @Field(node, { description: `The ${title}.` })
    node!: object;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: `One page of a list: ${title}.` })
  class Connection implements Page<object> {
    @Field(() => [Edge], { description: 'The page, in the order of the list.' })
    edges!: Edge[];

    @Field(() => PageInfoType, { description: 'Where the page stands in its list.' })
    pageInfo!: PageInfoType;
  }
  return Connection;
}
