import { isInterfaceType, isIntrospectionType, isObjectType, type GraphQLSchema } from 'graphql';
import { ROLES, roleBits } from './auth/viewer.js';
import { bitsFor } from './permissions.js';

/** Every `Type.field` of the schema, sorted; introspection fields are left out (they need a login and no role). */
export function coordinatesOf(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type))
    .flatMap((type) =>
      isObjectType(type) || isInterfaceType(type)
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    )
    .sort();
}

/** Every field × role as JSON text, one line a field: what is committed as schema/permissions.json and compared by a test. */
export function permissionMatrix(schema: GraphQLSchema): string {
  const lines = coordinatesOf(schema).map((coordinate) => {
    const allowed = ROLES.filter((role) => (bitsFor(coordinate) & roleBits([role])) !== 0);
    return `  ${JSON.stringify(coordinate)}: ${JSON.stringify(allowed.join(' '))}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
