/** Where a broker listens. */
export interface Broker {
  host: string;
  port: number;
  tls: boolean;
  /** PEM text of the authority that signed the broker's certificate, where the system's own do not know it. */
  ca?: string;
}

/** Reads `mqtt://host:port` or `mqtts://host:port`. @throws Error in plain words. */
export function parseBrokerUrl(text: string): Broker {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`${text} is no broker address; write it as mqtt://host:1883 or mqtts://host:8883.`);
  }
  if (url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') {
    throw new Error(`The broker address begins with ${url.protocol}//; use mqtt:// or mqtts:// (no WebSockets).`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('Leave user and password out of the broker address; each gateway has its own, from the fleet.');
  }
  if (url.hostname === '') throw new Error(`${text} names no host; write it as mqtt://host:1883.`);
  const tls = url.protocol === 'mqtts:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls ? 8883 : 1883) : Number(url.port),
    tls,
  };
}
