/** A global id as a client would have got it from the API; written here by hand, so that its form is a promise. */
export const globalId = (type: string, id: string | bigint): string =>
  Buffer.from(`${type}:${id}`).toString('base64url');
