import {
  isEnumType,
  type GraphQLArgument,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from 'graphql';
import { mutations, queries } from '../../simulator/control/resolvers.js';
import { controlSchema } from '../../simulator/control/schema.js';
import { subscriptions } from '../../simulator/control/subscriptions.js';
import type { RunningFleet } from '../../simulator/fleet.js';
import { readProjectFile } from '../support/source-files.js';

const schema = controlSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test('every type, field, argument and word of the schema is described', () => {
  const bare: string[] = [];
  for (const type of types) {
    if (!type.description) bare.push(type.name);
    if (isEnumType(type)) {
      bare.push(...type.getValues().flatMap((value) => (value.description ? [] : [`${type.name}.${value.name}`])));
    }
    if (!isObjectType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (!field.description) bare.push(`${type.name}.${field.name}`);
      const args: readonly GraphQLArgument[] = 'args' in field ? field.args : [];
      bare.push(...args.flatMap((arg) => (arg.description ? [] : [`${type.name}.${field.name}(${arg.name})`])));
    }
  }
  expect(bare).toEqual([]);
});

test('resolvers and schema have the same fields', () => {
  // No field is called: building the tables needs no fleet.
  const fleet = {} as RunningFleet;
  expect(Object.keys(queries(fleet)).sort()).toEqual(Object.keys(schema.getQueryType()!.getFields()).sort());
  expect(Object.keys(mutations(fleet)).sort()).toEqual(Object.keys(schema.getMutationType()!.getFields()).sort());
  expect(Object.keys(subscriptions(fleet)).sort()).toEqual(
    Object.keys(schema.getSubscriptionType()!.getFields()).sort(),
  );
});

test('the committed file is as GraphQL prints it', () => {
  expect(readProjectFile('schema/simulator.graphql')).toBe(`${printSchema(schema)}\n`);
});
