import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where the broker is and who we are there. */
export interface BrokerAccess {
  /** mqtt:// or mqtts:// */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** What this process is called at the broker, before anything that tells its connections apart. */
  readonly clientId: string;
  readonly tls?: BrokerTls;
  /** Whether the broker deals a message to one of several subscribers (`$share/…`); found out by the probe. */
  readonly sharedSubscriptions?: boolean;
}

/** PEM texts. The broker's certificate and name are always checked; there is no switch to leave that out. */
export interface BrokerTls {
  /** The authority of the broker's certificate, if it is not one that everybody knows. */
  readonly ca?: string;
  /** A certificate of our own and its key, where the broker asks for one. */
  readonly cert?: string;
  readonly key?: string;
}

interface BrokerTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** @throws Error naming the setting when the address is none of a broker */
export function brokerTarget(url: string): BrokerTarget {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'mqtt:' && protocol !== 'mqtts:')
    throw new Error(`MQTT_URL must begin with mqtt:// or mqtts://, not ${protocol}//`);
  const tls = protocol === 'mqtts:';
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (tls ? 8883 : 1883), tls };
}

/** Opens a connection to the broker; `opened` is called when bytes may flow, over TLS only after the broker has proved who it is. */
export function openBrokerSocket(access: BrokerAccess, opened: (socket: Socket) => void): Socket {
  const { host, port, tls } = brokerTarget(access.url);
  const socket: Socket = tls
    ? connectTls({ host, port, ...access.tls, servername: isIP(host) ? undefined : host }, () => opened(socket))
    : connectTcp({ host, port }, () => opened(socket));
  socket.setNoDelay(true);
  return socket;
}

/** Node's codes for a certificate whose authority it does not know. */
const UNTRUSTED = /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER_CERT/;

/** What is wrong with the connection and what to do about it, in words. */
export function brokerTrouble(error: Error & { readonly code?: unknown }, url: string): string {
  const { host, port } = brokerTarget(url);
  const where = `the broker at ${host}:${port}`;
  const code = typeof error.code === 'string' ? error.code : '';
  if (UNTRUSTED.test(code))
    return `${where} has a certificate of an authority that is not trusted; name the right one in MQTT_CA_FILE`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${where} has a certificate for another name; MQTT_URL must name the broker as its certificate does`;
  if (code === 'CERT_HAS_EXPIRED') return `${where} has a certificate that has expired; it needs a new one`;
  if (code === 'CERT_NOT_YET_VALID') return `${where} has a certificate that is not valid yet; look at the clocks`;
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code))
    return `${where} wants a certificate of ours; set MQTT_CLIENT_CERT_FILE and MQTT_CLIENT_KEY_FILE`;
  if (code.startsWith('ERR_SSL') || code === 'EPROTO')
    return `${where} does not speak TLS, or no version of it that is safe; look at MQTT_URL and its port`;
  if (code === 'ECONNREFUSED') return `nothing listens at ${host}:${port}; is the broker running?`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `${host} cannot be found; look at MQTT_URL`;
  return `${where} cannot be reached: ${error.message}`;
}
