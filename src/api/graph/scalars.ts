import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSONObject } from 'graphql-scalars';
import { isLocalDate } from '../../platform/local-date.js';

const quoted = (value: unknown): string => JSON.stringify(String(value).slice(0, 40));

function textOf(node: ValueNode, hint: string): string {
  if (node.kind !== Kind.STRING) throw new GraphQLError(hint, { nodes: node });
  return node.value;
}

/** An instant. */
export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description:
    'An instant (时刻), RFC 3339 with a time zone: "2026-03-01T08:00:00.000Z". Answers are in UTC. Unless a field says "wall clock" it is product time, which a simulation may set, advance and scale.',
});

const DATE_HINT = 'A Date is a calendar day written "YYYY-MM-DD".';

function parseDate(value: unknown): string {
  if (typeof value !== 'string' || !isLocalDate(value))
    throw new GraphQLError(`${quoted(value)} is not a day. ${DATE_HINT}`);
  return value;
}

/** A local calendar day; a plain string inside. */
export const DateScalar = new GraphQLScalarType<string, string>({
  name: 'Date',
  description:
    'A local calendar day (日期) of the company, "YYYY-MM-DD". It has no time zone: it is what a calendar on the wall shows.',
  serialize: (value) => value as string,
  parseValue: parseDate,
  parseLiteral: (node) => parseDate(textOf(node, DATE_HINT)),
});

const DECIMAL_HINT = 'A Decimal is a string such as "12.34"; a JSON number would already have lost digits.';

function parseDecimalText(value: unknown): string {
  if (typeof value !== 'string') throw new GraphQLError(`${quoted(value)} is not a string. ${DECIMAL_HINT}`);
  return value;
}

/** An exact decimal; whether it is a good amount is judged where its currency is known, with a named error. */
export const DecimalScalar = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description: 'An exact decimal number as a string (十进制数): "12.34". No exponent, no grouping, no float anywhere.',
  serialize: (value) => value as string,
  parseValue: parseDecimalText,
  parseLiteral: (node) => parseDecimalText(textOf(node, DECIMAL_HINT)),
});

const SAFE_INT_HINT = `A SafeInt is a whole number between -${Number.MAX_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}.`;

function toSafeInt(value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (!Number.isSafeInteger(number)) throw new GraphQLError(`${quoted(value)} is not allowed here. ${SAFE_INT_HINT}`);
  return number as number;
}

/** A 64-bit count that is exact as a JSON number. */
export const SafeIntScalar = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description:
    'A whole number (整数) written as a JSON number and exact in every client: within ±(2^53 − 1). Energy is always SafeInt in watt-hours (Wh, 瓦时), voltage in millivolts, power in watts.',
  serialize: toSafeInt,
  parseValue: toSafeInt,
  parseLiteral: (node) => {
    if (node.kind !== Kind.INT) throw new GraphQLError(SAFE_INT_HINT, { nodes: node });
    return toSafeInt(Number(node.value));
  },
});

/** Machine-readable evidence whose shape depends on the act. */
export const JsonObjectScalar = new GraphQLScalarType({
  ...GraphQLJSONObject.toConfig(),
  name: 'JSONObject',
  description:
    'A JSON object (JSON 对象) with evidence whose members depend on the act. It holds ids and figures, never names, phones or addresses.',
});
