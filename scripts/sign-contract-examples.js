// Fills in the payload of every signed example of schema/mqtt/asyncapi.yaml from the body in x-signed-examples, with the published test
// keys of the same file. Ed25519 is deterministic, so running it again changes nothing. A test fails when a payload is not what this makes.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

const path = new URL('../schema/mqtt/asyncapi.yaml', import.meta.url);
const document = parseDocument(readFileSync(path, 'utf8'));
const contract = document.toJS();

const keys = new Map(
  contract['x-test-keys'].keys.map(({ kid, d, x }) => [
    kid,
    createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' }),
  ]),
);

/** RFC 8785 for what the contract has: objects, arrays, strings, integers, booleans. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

const base64url = (text) => Buffer.from(text).toString('base64url');

function envelope(body, kids) {
  const payload = base64url(canonical(body));
  const signatures = kids.map((kid) => {
    const header = base64url(`{"alg":"EdDSA","kid":"${kid}"}`);
    const signature = sign(null, Buffer.from(`${header}.${payload}`), keys.get(kid)).toString('base64url');
    return { protected: header, signature };
  });
  return { payload, signatures };
}

let signed = 0;
for (const [name, message] of Object.entries(contract.components.messages)) {
  for (const [index, { name: example }] of message.examples.entries()) {
    const signing = message['x-signed-examples']?.[example];
    if (!signing) continue;
    const at = ['components', 'messages', name, 'examples', index, 'payload'];
    document.setIn(at, document.createNode(envelope(signing.body, signing.by)));
    signed += 1;
  }
}
writeFileSync(path, document.toString({ lineWidth: 0 }));
console.log(`${signed} examples signed; npx prettier --write schema/mqtt/asyncapi.yaml puts them into the house style`);
