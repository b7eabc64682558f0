/** What a broker means by the return code of its CONNACK. */
export const REFUSALS: Record<number, string> = {
  1: 'the broker does not speak MQTT 3.1.1',
  2: 'the broker refuses this client id',
  3: 'the broker is not ready',
  4: 'the broker refuses user name or password; are fleet and broker from the same system?',
  5: 'the broker does not admit this gateway; is it known there?',
};

/** Node's codes for a certificate whose authority it does not know. */
const UNTRUSTED = /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER_CERT/;

/** Why a connection failed, for a person. */
export function plainReason(error: Error & { code?: string }, host: string, port: number): string {
  const where = `${host}:${port}`;
  if (error.code === 'ECONNREFUSED') return `nothing listens at ${where}`;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return `${host} cannot be found`;
  if (error.code === 'ECONNRESET') return `the broker at ${where} broke the connection off`;
  if (UNTRUSTED.test(error.code ?? '')) return `the certificate of ${where} is not trusted; give its authority (--ca)`;
  return `${where}: ${error.message}`;
}
