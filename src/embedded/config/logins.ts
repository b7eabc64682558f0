/** A user of the broker and its password. */
export interface BrokerLogin {
  readonly user: string;
  readonly password: string;
}

const GATEWAY = /^\d{12}$/;

/** Something in the input cannot become a login; the message says what to do. */
export class LoginError extends Error {}

/** A gateway's login. A name with a wildcard in it would be given the topics of everybody. */
export function gatewayLogin(gateway: string, password: string): BrokerLogin {
  if (!GATEWAY.test(gateway)) throw new LoginError(`"${gateway}" is no gateway: 12 decimal digits are expected`);
  if (password.length < 12 || /[\r\n]/.test(password))
    throw new LoginError(`gateway ${gateway}: its password must have at least 12 characters, all on one line`);
  return { user: gateway, password };
}

/**
 * Logins of a file of real gateways: a line for each, `number,password`; empty lines and lines that begin with # do not count.
 * @throws LoginError naming the line
 */
export function readGatewayList(text: string): BrokerLogin[] {
  const seen = new Set<string>();
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const comma = line.indexOf(',');
    if (comma < 0) throw new LoginError(`line ${index + 1}: number,password is expected`);
    const login = gatewayLogin(line.slice(0, comma).trim(), line.slice(comma + 1));
    if (seen.has(login.user)) throw new LoginError(`line ${index + 1}: gateway ${login.user} stands there twice`);
    seen.add(login.user);
    return [login];
  });
}
