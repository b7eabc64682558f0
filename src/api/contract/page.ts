import { escapeHtml, jsonHtml, prose, topicHtml } from './html.js';
import type { Contract, ContractMessage, ContractTopic } from './read-contract.js';
import { schemaTable } from './schema-table.js';
import { sequenceFigure } from './sequence-svg.js';
import { SEQUENCES } from './sequences.js';

const SECTIONS = [
  ['topics', 'Topics'],
  ['sequences', 'What passes, and in which order'],
  ['messages', 'Messages'],
  ['envelope', 'The envelope'],
  ['servers', 'Servers and security'],
  ['test-keys', 'Test keys'],
] as const;

/** The whole page, made from the contract alone: the same files give the same bytes. */
export function contractPage(contract: Contract): string {
  const { title, version, description } = contract;
  const paragraphs = description.trim().split(/\n\n+/);
  const bodies: Record<(typeof SECTIONS)[number][0], string> = {
    topics: topicsTable(contract),
    sequences: SEQUENCES.map(sequenceFigure).join('\n'),
    messages: contract.messages.map((message) => messageSection(contract, message)).join('\n'),
    envelope: envelopeSection(contract),
    servers: serversSection(contract),
    'test-keys': testKeysTable(contract),
  };
  const sections = SECTIONS.map(([id, name]) => `<section id="${id}"><h2>${name}</h2>\n${bodies[id]}\n</section>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Relight 复电 · ${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/contract/style.css">
</head>
<body>
<a class="skip" href="#topics">To the topics</a>
<header>
<h1>${escapeHtml(title)} <span class="soft">${escapeHtml(version)}</span></h1>
${paragraphs.map((text) => `<p>${prose(text)}</p>`).join('\n')}
<p>For machines: <a href="/contract/asyncapi.yaml">asyncapi.yaml</a> (AsyncAPI 3) and the JSON Schemas it names, beside it.</p>
<nav aria-label="Contents"><ul>${SECTIONS.map(([id, name]) => `<li><a href="#${id}">${name}</a></li>`).join('')}</ul></nav>
</header>
<main>
${sections.join('\n')}
</main>
<footer><p>Made from the files that head-end and meters check every message by.</p></footer>
</body>
</html>
`;
}

function topicsTable({ topics, messages }: Contract): string {
  const titles = new Map(messages.map(({ key, title }) => [key, title]));
  const row = ({ address, publishedBy, qos, retain, messages: keys, title, description }: ContractTopic) => {
    const links = keys.map((key) => `<a href="#${key}">${escapeHtml(titles.get(key)!)}</a>`).join(', ');
    return `<tr><th scope="row">${topicHtml(address)}<br><span class="soft">${prose(title)}. ${prose(description)}</span></th><td data-name="Published by">${escapeHtml(publishedBy)}</td><td data-name="QoS">${qos}</td><td data-name="Retained">${retain ? 'yes' : 'never'}</td><td data-name="Messages">${links}</td></tr>`;
  };
  return `<p>{gateway} and {meter} are 12 decimal digits. Every message may arrive twice, and no order between messages may be assumed.</p>
<table class="topics"><thead><tr><th scope="col">Topic</th><th scope="col">Published by</th><th scope="col">QoS</th><th scope="col">Retained</th><th scope="col">Messages</th></tr></thead>
<tbody>${topics.map(row).join('\n')}</tbody></table>`;
}

function messageSection({ schemas }: Contract, message: ContractMessage): string {
  const { key, title, summary, signedBy, schemaFile, examples } = message;
  const schema = schemas.get(schemaFile)!;
  const signed = signedBy ? `Signed by ${signedBy}` : 'Plain JSON, not signed';
  const shown = examples.map(
    ({ name, summary: about, body, envelope }) =>
      `<h4>Example: ${escapeHtml(name)}</h4><p>${prose(about)}</p>${jsonHtml(body)}${
        envelope === undefined
          ? ''
          : `<details class="envelope"><summary>As it goes over the wire, signed with the test keys</summary>${jsonHtml(envelope)}</details>`
      }`,
  );
  return `<article id="${key}"><h3>${escapeHtml(title)} <span class="badge">${escapeHtml(signed)}</span></h3>
<p>${prose(summary)} <a href="/contract/${schemaFile}">${schemaFile}</a></p>
${schemaTable(schema, `${schema.title ?? title}: ${schema.description ?? ''}`)}
${shown.join('\n')}</article>`;
}

function envelopeSection({ schemas }: Contract): string {
  const schema = schemas.get('envelope.schema.json')!;
  return `<p>${prose('What is signed is the ASCII text `protected.payload`. The payload is canonical JSON (RFC 8785) in base64url; each protected header is `{"alg":"EdDSA","kid":"…"}`, in base64url too. Any other `alg` is refused, and `kid` must name a key that the receiver holds already.')}</p>
${schemaTable(schema, schema.description ?? 'Envelope')}`;
}

function serversSection({ servers, security }: Contract): string {
  const rows = servers.map(
    ({ title, address, description }) =>
      `<h3>${escapeHtml(title)}</h3><p><code>${escapeHtml(address)}</code></p><p>${prose(description)}</p>`,
  );
  return `${rows.join('\n')}<h3>Who may connect</h3><p>${prose(security)}</p>`;
}

function testKeysTable({ testKeys }: Contract): string {
  const rows = testKeys.keys.map(
    ({ kid, role, source, d, x }) =>
      `<tr><th scope="row"><code>${escapeHtml(kid)}</code></th><td>${escapeHtml(role)}</td><td><code class="pattern">${escapeHtml(x)}</code></td><td><code class="pattern">${escapeHtml(d)}</code></td><td>${escapeHtml(source)}</td></tr>`,
  );
  return `<p>${prose(testKeys.description)}</p>
<div class="scroll" role="region" aria-label="Test keys" tabindex="0"><table><thead><tr><th scope="col">kid</th><th scope="col">Role</th><th scope="col">Public key (x)</th><th scope="col">Private key (d)</th><th scope="col">Source</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}
