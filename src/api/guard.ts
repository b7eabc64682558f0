import {
  defaultFieldResolver,
  isIntrospectionType,
  isObjectType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import type { ApiContext } from './context.js';
import { ApiError } from './errors.js';
import { bitsFor, rolesFor } from './permissions.js';

/**
 * Wraps every field of the schema, so that no way of executing it gets around the permission table. Decided by one AND on the
 * viewer's role bits; a field without an entry in the table is denied to everybody.
 */
export function guardFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) guard(field, `${type.name}.${field.name}`);
  }
}

function guard(field: GraphQLField<unknown, ApiContext>, coordinate: string): void {
  const bits = bitsFor(coordinate);
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (source, args, context, info) => {
    if (!mayAsk(context, bits)) throw forbidden(coordinate);
    return resolve(source, args, context, info) as unknown;
  };
  if (subscribe) {
    field.subscribe = (source, args, context, info) => {
      if (!mayAsk(context, bits)) throw forbidden(coordinate);
      return subscribe(source, args, context, info) as unknown;
    };
  }
}

const mayAsk = (context: ApiContext | undefined, bits: number): boolean => ((context?.viewer?.bits ?? 0) & bits) !== 0;

/** The refusal of a field, naming who may ask for it. `status` is for a request that is refused whole. */
export function forbidden(coordinate: string, status?: number): ApiError {
  const roles = rolesFor(coordinate);
  return new ApiError(
    'FORBIDDEN',
    `Your role may not ask for ${coordinate}; ${roles.length > 0 ? `it is for ${roles.join(', ')}` : 'nobody may'}. Leave it out, or use another token.`,
    status,
  );
}
