import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contractPage } from '../contract/page.js';
import { readContract } from '../contract/read-contract.js';
import { CONTRACT_CSS } from '../contract/style.js';

/** Text and one style sheet of ours; nothing runs, nothing is fetched from elsewhere. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Served {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Serves the MQTT contract at `/contract`, made from schema/mqtt when the server starts, with the files themselves below it. It is no secret: no token is asked for. */
export function serveContract(server: FastifyInstance): void {
  const contract = readContract();
  const page = served(Buffer.from(contractPage(contract)), 'text/html; charset=utf-8');
  const files = new Map([...contract.files].map(([name, bytes]) => [name, served(bytes, typeOf(name))]));
  files.set('style.css', served(Buffer.from(CONTRACT_CSS), 'text/css; charset=utf-8'));

  server.get('/contract', (request, reply) => send(request, reply.header('content-security-policy', POLICY), page));
  server.get<{ Params: { file: string } }>('/contract/:file', (request, reply) => {
    const file = files.get(request.params.file);
    return file ? send(request, reply, file) : reply.callNotFound();
  });
}

function send(request: FastifyRequest, reply: FastifyReply, { body, type, etag }: Served): FastifyReply {
  void reply.header('etag', etag).header('cache-control', 'public, max-age=0, must-revalidate');
  return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.type(type).send(body);
}

const typeOf = (name: string): string =>
  name.endsWith('.json') ? 'application/schema+json; charset=utf-8' : 'application/yaml; charset=utf-8';

const served = (body: Buffer, type: string): Served => ({
  body,
  type,
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
});
