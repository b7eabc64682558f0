import {
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** How many a list without a page size is taken for: bill lines, contacts, allocations and the like are few by nature. */
const PLAIN_LIST_FACTOR = 5;

/** What an operation asks for, known from its text alone; only page sizes may still come from variables. */
export interface OperationShape {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  /** `Type.field` of everything asked for. */
  readonly coordinates: readonly string[];
  readonly cost: CostNode;
  /** Whole numbers that variables have when the request leaves them out: a page size may hide there. */
  readonly defaults: Readonly<Record<string, number>>;
}

/** Points of a selection: one for each field, times what multiplies the fields below it. */
export interface CostNode {
  readonly fields: readonly { readonly factor: Factor; readonly below: CostNode | undefined }[];
  readonly fragments: readonly CostNode[];
}

/** What a field multiplies the points below it by: a fixed number, or its page size `first`. */
export type Factor =
  | { readonly kind: 'fixed'; readonly value: number }
  | { readonly kind: 'page'; readonly literal: number | undefined; readonly variable: string | undefined };

interface Measured {
  readonly cost: CostNode;
  readonly depth: number;
}

const NOTHING: Measured = { cost: { fields: [], fragments: [] }, depth: 0 };

/** Measures one operation of a document that has been validated against the schema. */
export function shapeOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationShape {
  const walk = new Walk(schema, document);
  const root = schema.getRootType(operation.operation);
  const { cost, depth } = root ? walk.selections(operation.selectionSet, root) : NOTHING;
  let aliases = 0;
  let directives = 0;
  visit(document, {
    Field: (field) => void (aliases += field.alias ? 1 : 0),
    Directive: () => void (directives += 1),
  });
  return { depth, aliases, directives, coordinates: [...walk.coordinates], cost, defaults: defaultsOf(operation) };
}

function defaultsOf(operation: OperationDefinitionNode): Record<string, number> {
  return Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
}

/** One pass over an operation. Each fragment is measured once, so that fragments nested in fragments cost us nothing to measure. */
class Walk {
  readonly coordinates = new Set<string>();
  private readonly fragments = new Map<string, FragmentDefinitionNode>();
  private readonly measured = new Map<string, Measured>();

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
  ) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.fragments.set(definition.name.value, definition);
    }
  }

  selections(set: SelectionSetNode, parent: GraphQLCompositeType): Measured {
    const fields: CostNode['fields'][number][] = [];
    const fragments: CostNode[] = [];
    let depth = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const field = this.field(selection, parent);
        if (!field) continue;
        fields.push(field.cost);
        depth = Math.max(depth, field.depth);
      } else {
        const fragment =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? this.fragment(selection.name.value)
            : this.selections(selection.selectionSet, this.typeNamed(selection.typeCondition?.name.value) ?? parent);
        fragments.push(fragment.cost);
        depth = Math.max(depth, fragment.depth);
      }
    }
    return { cost: { fields, fragments }, depth };
  }

  private fragment(name: string): Measured {
    const known = this.measured.get(name);
    if (known) return known;
    const definition = this.fragments.get(name);
    const type = this.typeNamed(definition?.typeCondition.name.value);
    const measured = definition && type ? this.selections(definition.selectionSet, type) : NOTHING;
    this.measured.set(name, measured);
    return measured;
  }

  private field(
    node: FieldNode,
    parent: GraphQLCompositeType,
  ): { cost: CostNode['fields'][number]; depth: number } | undefined {
    const name = node.name.value;
    // Introspection is bounded by the size of the schema and by graphql's own rule for its depth.
    if (name.startsWith('__')) return undefined;
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    if (!definition) return undefined;
    this.coordinates.add(`${parent.name}.${name}`);
    const type = getNamedType(definition.type);
    const below = node.selectionSet && isCompositeType(type) ? this.selections(node.selectionSet, type) : undefined;
    return { cost: { factor: factorOf(node, definition, parent), below: below?.cost }, depth: 1 + (below?.depth ?? 0) };
  }

  private typeNamed(name: string | undefined): GraphQLCompositeType | undefined {
    const type = name === undefined ? undefined : this.schema.getType(name);
    return isCompositeType(type) ? type : undefined;
  }
}

function factorOf(node: FieldNode, definition: GraphQLField<unknown, unknown>, parent: GraphQLCompositeType): Factor {
  if (definition.args.some((arg) => arg.name === 'first')) {
    const value = node.arguments?.find((argument) => argument.name.value === 'first')?.value;
    return {
      kind: 'page',
      literal: value?.kind === Kind.INT ? Number(value.value) : undefined,
      variable: value?.kind === Kind.VARIABLE ? value.name.value : undefined,
    };
  }
  // The edges of a connection were counted by its page size already.
  const counts =
    isList(definition.type) && isCompositeType(getNamedType(definition.type)) && !parent.name.endsWith('Connection');
  return { kind: 'fixed', value: counts ? PLAIN_LIST_FACTOR : 1 };
}

const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type);
