import { readFileSync } from 'node:fs';
import {
  buildSchema,
  GraphQLError,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLScalarType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { packagePath } from '../package-root.js';

/** Fields and fragments of one request: a program asks for a handful, somebody who repeats an expensive field for thousands. */
export const MAX_SELECTIONS = 500;

/** The control API's schema, from the committed SDL: it is the source, the resolvers follow it (`test/simulator/control-schema.test.ts`). */
export function controlSchema(): GraphQLSchema {
  const schema = buildSchema(readFileSync(packagePath('schema', 'simulator.graphql'), 'utf8'));
  const count = schema.getType('Count') as GraphQLScalarType;
  count.parseValue = wholeNumber;
  count.parseLiteral = (node) => wholeNumber(node.kind === Kind.INT ? Number(node.value) : undefined);
  return schema;
}

function wholeNumber(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new GraphQLError('A Count is a whole number.');
  return value as number;
}

/** What is wrong with the size of a valid request, or undefined: fragments count as often as they are spread. */
export function tooLarge(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const sizes = new Map<string, number>();
  const sizeOf = ({ selections }: SelectionSetNode): number => selections.reduce((sum, one) => sum + sizeOfOne(one), 0);
  const sizeOfOne = (selection: SelectionNode): number => {
    if (selection.kind !== Kind.FRAGMENT_SPREAD)
      return 1 + (selection.selectionSet ? sizeOf(selection.selectionSet) : 0);
    const name = selection.name.value;
    let size = sizes.get(name);
    if (size === undefined)
      sizes.set(name, (size = sizeOf((fragments.get(name) as FragmentDefinitionNode).selectionSet)));
    return size;
  };
  const size = operations.reduce((sum, { selectionSet }) => sum + sizeOf(selectionSet), 0);
  if (size <= MAX_SELECTIONS) return undefined;
  return new GraphQLError(
    `A request has at most ${MAX_SELECTIONS} fields, fragments counted wherever they are spread.`,
    {
      extensions: { code: 'REQUEST_TOO_LARGE' },
    },
  );
}
