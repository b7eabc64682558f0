import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
  type GraphQLSchema,
} from 'graphql';
import { coordinatesOf, permissionMatrix } from '../../src/api/permission-matrix.js';
import { namedCoordinates, rolesFor } from '../../src/api/permissions.js';
import { buildApiSchema, printApiSchema } from '../../src/api/schema.js';
import { readProjectFile } from '../support/source-files.js';

const schema = buildApiSchema();

test('the committed SDL is the one the code makes', () => {
  // Run `npm run schema`, and look at the difference as at any other change of a contract.
  expect(printApiSchema(schema)).toBe(readProjectFile('schema/schema.graphql'));
});

test('the committed permission matrix is the one the code makes', () => {
  // Run `npm run schema`; every changed line is somebody who may see more or less than before.
  expect(permissionMatrix(schema)).toBe(readProjectFile('schema/permissions.json'));
});

test('every field has an entry in the permission table, and every entry a field', () => {
  const coordinates = coordinatesOf(schema);
  expect(coordinates.filter((coordinate) => rolesFor(coordinate).length === 0)).toEqual([]);
  expect(namedCoordinates().filter((coordinate) => !coordinates.includes(coordinate))).toEqual([]);
  expect(namedCoordinates().filter((coordinate, index, all) => all.indexOf(coordinate) !== index)).toEqual([]);
});

test('a field that the table does not name is denied to everybody', () => {
  expect(rolesFor('Query.somethingNew')).toEqual([]);
  expect(rolesFor('NewType.id')).toEqual([]);
});

test('every type, field, argument, enum value and input field is described', () => {
  expect(undescribed(schema)).toEqual([]);
});

test('every list argument is bounded: a connection takes `first`, and it is required', () => {
  const faults = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter(
            (field) =>
              String(field.type).includes('Connection') &&
              !field.args.some((arg) => arg.name === 'first' && String(arg.type) === 'Int!'),
          )
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
  expect(faults).toEqual([]);
});

test('every mutation takes one input and answers with userErrors; money and switching take an idempotency key, and people say why', () => {
  // A report of a gateway is no person's act: its key is the message.
  const withoutKey = ['setClock', 'reportDelivery'];
  // A payment is not a decision of whoever hands it in: its reason is the bill.
  const withoutReason = ['recordPayment', 'reportDelivery'];
  const faults = Object.values(schema.getMutationType()!.getFields()).flatMap((mutation) => {
    const [input, ...others] = mutation.args;
    const inputType = schema.getType(String(input?.type).replace('!', ''));
    const payload = schema.getType(String(mutation.type).replace('!', ''));
    const inputs = isInputObjectType(inputType) ? Object.keys(inputType.getFields()) : [];
    const answers = isObjectType(payload) ? Object.keys(payload.getFields()) : [];
    return [
      ...(input?.name === 'input' && others.length === 0 ? [] : [`${mutation.name}: not one input`]),
      ...(answers.includes('userErrors') ? [] : [`${mutation.name}: no userErrors`]),
      ...(inputs.includes('idempotencyKey') || withoutKey.includes(mutation.name)
        ? []
        : [`${mutation.name}: no idempotencyKey`]),
      ...(inputs.includes('reason') || withoutReason.includes(mutation.name) ? [] : [`${mutation.name}: no reason`]),
    ];
  });
  expect(faults).toEqual([]);
});

/** Everything in the schema that says nothing about itself. */
function undescribed(of: GraphQLSchema): string[] {
  const missing: string[] = [];
  const need = (name: string, description: string | null | undefined) => {
    if (!description?.trim()) missing.push(name);
  };
  for (const type of Object.values(of.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    need(type.name, type.description);
    if (isEnumType(type)) for (const value of type.getValues()) need(`${type.name}.${value.name}`, value.description);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) need(`${type.name}.${field.name}`, field.description);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      need(`${type.name}.${field.name}`, field.description);
      for (const arg of field.args) need(`${type.name}.${field.name}(${arg.name})`, arg.description);
    }
  }
  for (const directive of of.getDirectives())
    if (!isSpecifiedDirective(directive)) need(`@${directive.name}`, directive.description);
  return missing;
}
