import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { projectPath } from '../../platform/project-path.js';

const modules = (...parts: string[]): string => projectPath('node_modules', ...parts);

/** The page's own files, all from this machine: nothing is fetched from anywhere else, so it works behind any firewall. */
const FILES: Readonly<Record<string, { readonly path: string; readonly type: string }>> = {
  'react.js': { path: modules('react', 'umd', 'react.production.min.js'), type: 'text/javascript' },
  'react-dom.js': { path: modules('react-dom', 'umd', 'react-dom.production.min.js'), type: 'text/javascript' },
  'graphiql.js': { path: modules('graphiql', 'graphiql.min.js'), type: 'text/javascript' },
  'graphiql.css': { path: modules('graphiql', 'graphiql.min.css'), type: 'text/css' },
};

const PAGE_CSS = `html, body, #graphiql { height: 100%; margin: 0; overflow: hidden; }`;

const PAGE_QUERY = `# Replace PASTE_A_TOKEN_HERE under Headers below by an access token, then run this.
query WhoAmI {
  viewer {
    subject
    roles
  }
  clock {
    mode
    now
  }
}
`;

// Subscriptions send the pasted header as connection_init payload; the token stays in the page and is never stored. Nothing is
// answered without a token, so the page waits for one before it asks for the schema.
const PAGE_JS = `
const PLACEHOLDER = 'PASTE_A_TOKEN_HERE';
const socketScheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
const send = GraphiQL.createFetcher({ url: '/graphql', subscriptionUrl: socketScheme + '//' + location.host + '/graphql' });

const hasToken = (headers) => typeof headers?.Authorization === 'string' && !headers.Authorization.includes(PLACEHOLDER);
let enter;
const entered = new Promise((resolve) => (enter = resolve));
const readHeaders = (text) => {
  try {
    const headers = JSON.parse(text);
    if (hasToken(headers)) enter(headers);
  } catch {
    // Half typed; the next key stroke calls again.
  }
};
const fetcher = async (params, options) => {
  const waits = params.operationName === 'IntrospectionQuery' && !hasToken(options?.headers);
  return send(params, waits ? { ...options, headers: await entered } : options);
};

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    onEditHeaders: readHeaders,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: true,
    defaultEditorToolsVisibility: 'headers',
    defaultHeaders: JSON.stringify({ Authorization: 'Bearer ' + PLACEHOLDER }, null, 2),
    defaultQuery: ${JSON.stringify(PAGE_QUERY)},
  }),
);
`;

const PAGE_HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Relight 复电 · GraphiQL</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/graphiql/graphiql.css" />
    <link rel="stylesheet" href="/graphiql/page.css" />
  </head>
  <body>
    <div id="graphiql">Loading …</div>
    <script src="/graphiql/react.js"></script>
    <script src="/graphiql/react-dom.js"></script>
    <script src="/graphiql/graphiql.js"></script>
    <script src="/graphiql/page.js"></script>
  </body>
</html>
`;

/**
 * Scripts and connections only to ourselves. Styles may be inline: the editor positions its cursor and lines with style
 * attributes, which run nothing.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Served {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Serves GraphiQL at `/` from local files only. */
export async function serveGraphiql(server: FastifyInstance): Promise<void> {
  const files = new Map<string, Served>();
  for (const [name, { path, type }] of Object.entries(FILES)) files.set(name, served(await readFile(path), type));
  files.set('page.css', served(Buffer.from(PAGE_CSS), 'text/css'));
  files.set('page.js', served(Buffer.from(PAGE_JS), 'text/javascript'));
  const page = served(Buffer.from(PAGE_HTML), 'text/html');

  server.get('/', async (_request, reply) =>
    reply
      .header('content-security-policy', POLICY)
      .header('cache-control', 'no-store')
      .type(`${page.type}; charset=utf-8`)
      .send(page.body),
  );
  server.get<{ Params: { file: string } }>('/graphiql/:file', async (request, reply) => {
    const file = files.get(request.params.file);
    if (!file) return reply.callNotFound();
    void reply.header('etag', file.etag).header('cache-control', 'public, max-age=0, must-revalidate');
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
    return reply.type(`${file.type}; charset=utf-8`).send(file.body);
  });
}

const served = (body: Buffer, type: string): Served => ({
  body,
  type,
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
});
