import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
  isScalarType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';
import { ROLES, roleBits, type Role } from '../../src/api/auth/viewer.js';
import { rolesFor } from '../../src/api/permissions.js';
import { buildApiSchema } from '../../src/api/schema.js';
import { listen, socketClient } from './support/sockets.js';
import { codesOf, startTestApi, type TestApi } from './support/test-api.js';

const schema = buildApiSchema();
let api: TestApi;
const tokens = new Map<Role, string>();

beforeAll(async () => {
  api = await startTestApi();
  for (const role of ROLES) tokens.set(role, await api.token(role));
});
afterAll(() => api.stop());

/** A literal for a required argument of this type: well-formed, naming nothing that exists. */
function literalOf(type: GraphQLInputType): string {
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]!.name;
  if (isInputObjectType(named)) {
    const fields = Object.values(named.getFields()).filter((field) => isNonNullType(field.type));
    return `{ ${fields.map((field) => `${field.name}: ${literalOf(field.type)}`).join(', ')} }`;
  }
  if (!isScalarType(named)) throw new Error(`no literal for ${String(type)}`);
  const literals = {
    Int: '1',
    SafeInt: '1',
    Float: '1',
    Boolean: 'true',
    DateTime: '"2026-03-10T02:00:00Z"',
    Date: '"2026-03-10"',
  };
  return (literals as Record<string, string>)[named.name] ?? '"nothing at all"';
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const args = field.args.filter((arg) => isNonNullType(arg.type)).map((arg) => `${arg.name}: ${literalOf(arg.type)}`);
  const type = getNamedType(field.type);
  return `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${isScalarType(type) || isEnumType(type) ? '' : ' { __typename }'}`;
}

const rootFields = (name: 'Query' | 'Mutation' | 'Subscription'): GraphQLField<unknown, unknown>[] => {
  const type = schema.getType(name);
  return isObjectType(type) ? Object.values(type.getFields()) : [];
};

test.each([
  ...rootFields('Query').map((field) => ['Query', field] as const),
  ...rootFields('Mutation').map((field) => ['Mutation', field] as const),
])('%s.$name is for the roles of the table and for no other, over HTTP', async (root, field) => {
  const allowed = rolesFor(`${root}.${field.name}`);
  const seen: Role[] = [];
  for (const role of ROLES) {
    const answer = await api.ask(tokens.get(role), `${root.toLowerCase()} { ${selectionOf(field)} }`);
    expect(codesOf(answer).filter((code) => code === 'INTERNAL' || code === 'GRAPHQL_VALIDATION_FAILED')).toEqual([]);
    if (!codesOf(answer).includes('FORBIDDEN')) seen.push(role);
    else expect([answer.status, answer.data]).toEqual([403, undefined]);
  }
  expect(seen).toEqual(ROLES.filter((role) => allowed.includes(role)));
});

test.each(rootFields('Subscription').map((field) => [field.name, field] as const))(
  'Subscription.%s is for the roles of the table and for no other, over WebSocket',
  async (name, field) => {
    const allowed = rolesFor(`Subscription.${name}`);
    const seen: Role[] = [];
    for (const role of ROLES) {
      const client = socketClient(api, tokens.get(role));
      const listening = listen(client, `subscription { ${selectionOf(field)} }`);
      const first = await listening.next();
      if (!('error' in first) || first.error !== 'FORBIDDEN') seen.push(role);
      listening.stop();
      await client.dispose();
    }
    expect(seen).toEqual(ROLES.filter((role) => allowed.includes(role)));
  },
);

test('every field guards itself, whoever executes the schema: all fields, all roles', () => {
  const wrong: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      for (const role of [...ROLES, undefined]) {
        const refused = isRefused(field, role);
        const allowed = role !== undefined && rolesFor(`${type.name}.${field.name}`).includes(role);
        if (refused === allowed)
          wrong.push(`${type.name}.${field.name} ${role ?? 'nobody'}: ${refused ? 'refused' : 'let through'}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** Calls a field's own resolver, with nothing around it. */
function isRefused(field: GraphQLField<unknown, unknown>, role: Role | undefined): boolean {
  const context = role === undefined ? undefined : { viewer: { bits: roleBits([role]) } };
  try {
    const answer: unknown = field.resolve!(undefined, {}, context, {} as never);
    if (answer instanceof Promise) answer.catch(() => undefined);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'FORBIDDEN';
  }
}

describe('tokens', () => {
  test('a bounded role stands alone', async () => {
    await expect(api.token('CUSTOMER', { role: ['CUSTOMER', 'HOTLINE'] })).rejects.toThrow(/one token/);
    const both = await api.token('HOTLINE', { role: ['HOTLINE', 'COUNTER'] });
    expect(
      (await api.ask(both, '{ viewer { roles } suspensePayments(first: 1) { edges { cursor } } }')).data.viewer.roles,
    ).toEqual(['HOTLINE', 'COUNTER']);
  });

  test('personal data is not for those who have no business with it', async () => {
    const asks = [
      'customer(id: "x") { name }',
      'customer(id: "x") { contacts { value } }',
      'customer(id: "x") { idDocument }',
      'servicePoint(servicePointNumber: "x") { address }',
      'node(id: "x") { ... on Customer { name } }',
    ];
    for (const role of ['BANK', 'TESTER', 'AUDITOR'] as const) {
      for (const ask of asks)
        expect([role, ask, codesOf(await api.ask(tokens.get(role), `{ ${ask} }`))]).toEqual([role, ask, ['FORBIDDEN']]);
    }
  });
});
