const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NUMBER = /^[1-9][0-9]{0,17}$/;

/** A global id taken apart: the GraphQL type and the id inside it (a UUID, or a whole number for append-only rows). */
export interface GlobalId {
  readonly type: string;
  readonly id: string;
}

/** The id under which the API knows an object: opaque to callers, base64url of `Type:id`. */
export const toGlobalId = (type: string, id: string | bigint): string =>
  Buffer.from(`${type}:${id}`).toString('base64url');

/** Takes a global id apart; undefined for anything that is none. */
export function parseGlobalId(globalId: string): GlobalId | undefined {
  const [type, id, ...rest] = Buffer.from(globalId, 'base64url').toString('utf8').split(':');
  if (!type || !id || rest.length > 0 || !/^[A-Za-z]{1,40}$/.test(type) || !(UUID.test(id) || NUMBER.test(id)))
    return undefined;
  return { type, id };
}

/** The inner id of a global id of this type; undefined for any other text, which then names nothing. */
export function idOfType(type: string, globalId: string): string | undefined {
  const parsed = parseGlobalId(globalId);
  return parsed?.type === type && UUID.test(parsed.id) ? parsed.id : undefined;
}
