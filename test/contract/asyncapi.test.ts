import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { checkMessage, readMessage, type KnownParties } from '../../src/head-end/uplink-check.js';
import { decodeFrame } from '../../src/head-end/codecs/dlt645/frame.js';
import { canonicalJson } from '../../src/head-end/codecs/canonical-json.js';
import { publicKeyOf, type Envelope } from '../../src/head-end/signing.js';
import { newId } from '../../src/platform/ids.js';
import { projectPath } from '../../src/platform/project-path.js';
import { guardFits } from '../../simulator/meter/command-check.js';
import { openEnvelope } from '../../simulator/wire/envelope.js';
import { keyRing } from '../../simulator/wire/keys.js';
import { listFiles, readProjectFile } from '../support/source-files.js';
import { contract, examples, topicOf } from './support/contract.js';

const json = (path: string) => JSON.parse(readProjectFile(path)) as object;
const schemaFiles = listFiles('schema/mqtt').filter((path) => path.endsWith('.schema.json'));
const fileOf = (ref: string): string => `schema/mqtt/${ref.slice(2)}`;

/** Every `$ref` below a value. */
function refsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' ? [member as string] : name === 'examples' || name.startsWith('x-') ? [] : refsOf(member),
  );
}

const atPointer = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], contract);

describe('the document', () => {
  test('is valid by the official JSON Schema of AsyncAPI 3.0.0', () => {
    const schema = projectPath('node_modules', '@asyncapi/specs', 'schemas', '3.0.0.json');
    const isUri = (text: string) => URL.canParse(text);
    const formats = { uri: isUri, 'uri-reference': true as const, email: true as const, regex: true as const };
    // It brings its own copy of the meta-schema, so Ajv's has to stay out.
    const ajv = new Ajv({ strict: false, formats, meta: false, validateSchema: false, logger: false });
    const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
    validate(contract);
    expect(validate.errors ?? []).toEqual([]);
    // The schema does look: a document without a protocol for a server is none.
    const broken = { ...contract, servers: { production: { host: 'broker.example' } } };
    expect(validate(broken)).toBe(false);
  });

  test('names nothing that is not there, and leaves no schema out', () => {
    const refs = [...new Set(refsOf(contract))];
    const inside = refs.filter((ref) => ref.startsWith('#'));
    expect(inside.filter((ref) => atPointer(ref) === undefined)).toEqual([]);
    const files = refs.filter((ref) => !ref.startsWith('#')).map(fileOf);
    expect(files.sort()).toEqual([...schemaFiles].sort());
  });

  test('its schemas find each other by file and by $id alike', () => {
    for (const path of schemaFiles) {
      expect((json(path) as { $id: string }).$id).toBe(path.replace('schema/mqtt/', 'relight/v1/'));
      for (const ref of refsOf(json(path))) expect(schemaFiles).toContain(`schema/mqtt/${ref}`);
    }
  });

  test('its test keys are key pairs', () => {
    for (const { d, x } of contract['x-test-keys'].keys) {
      const pair = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x: '' }, format: 'jwk' });
      expect(createPublicKey(pair).export({ format: 'jwk' }).x).toBe(x);
    }
  });
});

describe('every example', () => {
  const ajv = new Ajv2020({ strict: true, strictRequired: false });
  for (const path of schemaFiles) ajv.addSchema(json(path));
  const problems = (kind: string, value: unknown): string[] => {
    const validate = ajv.getSchema(`relight/v1/${kind}.schema.json`)!;
    return validate(value) ? [] : [ajv.errorsText(validate.errors)];
  };
  const keys = new Map(contract['x-test-keys'].keys.map((key) => [key.kid, key]));
  const signed = examples.filter(({ signing }) => signing);
  const upwards = examples.filter(({ address }) => !address.includes('/down/') && !address.endsWith('/clock'));

  test('there is one of each kind, and a cut, and a refusal', () => {
    expect(new Set(examples.map(({ body }) => body.kind))).toEqual(
      new Set(['switch', 'read', 'time', 'orders', 'clock', 'ack', 'state', 'frames', 'reading', 'event', 'status']),
    );
    expect(examples.filter(({ body }) => body['operation'] === 'cut')).toHaveLength(1);
    expect(examples.filter(({ body }) => body['result'] === 'refused')).toHaveLength(1);
  });

  test.each(examples.map((example) => [example.id, example] as const))('%s keeps its schema', (_id, example) => {
    expect(problems(example.body.kind, example.body)).toEqual([]);
    expect(example.message.name).toBe(example.body.kind);
    if (example.signing) expect(problems('envelope', example.payload)).toEqual([]);
    expect(example.signing !== undefined).toBe(example.message['x-signed-by'] !== undefined);
  });

  test.each(signed.map((example) => [example.id, example] as const))(
    '%s is signed by those it names, over exactly its body',
    (_id, { payload, body, signing }) => {
      const envelope = payload as Envelope;
      expect(Buffer.from(envelope.payload, 'base64url').toString()).toBe(canonicalJson(body));
      const by = envelope.signatures.map(({ protected: header, signature }) => {
        const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string; kid: string };
        expect(alg).toBe('EdDSA');
        const key = publicKeyOf(Buffer.from(keys.get(kid)!.x, 'base64url'));
        expect(
          verify(null, Buffer.from(`${header}.${envelope.payload}`), key, Buffer.from(signature, 'base64url')),
        ).toBe(true);
        return kid;
      });
      expect(by).toEqual(signing!.by);
    },
  );

  test.each(signed.filter(({ address }) => !address.includes('/up/')).map((example) => [example.id, example] as const))(
    '%s is obeyed by a meter of ours that knows the test keys',
    (_id, { payload, body }) => {
      const ring = keyRing(
        contract['x-test-keys'].keys.filter(({ role }) => role === 'head-end' || role === 'guard') as never,
      );
      const opened = openEnvelope(Buffer.from(JSON.stringify(payload)), ring);
      const second = guardFits(body as { kind: string; operation?: string }) ? 'guard' : 'none';
      expect(opened).toEqual({ ok: true, message: body, second });
    },
  );

  test.each(upwards.map((example) => [example.id, example] as const))(
    '%s is believed by our head-end',
    (_id, example) => {
      const keyOf = (kid: string) => {
        const publicKey = Buffer.from(keys.get(kid)!.x, 'base64url');
        return { publicKey, key: publicKeyOf(publicKey) };
      };
      const meterOf = (serial: string) => ({
        meterId: newId(),
        serial,
        gatewayNumber: '370100000001',
        codec: serial === '370200000017' ? ('JSON' as const) : ('DLT645' as const),
        ...keyOf('370200000017'),
      });
      const serials = ['370200000017', '370200000018', '370200000019'];
      const parties: KnownParties = {
        meters: new Map(serials.map((serial) => [serial, meterOf(serial)])),
        gateways: new Map([
          ['370100000001', { gatewayId: newId(), gatewayNumber: '370100000001', ...keyOf('370100000001') }],
        ]),
        timeZone: 'Asia/Shanghai',
      };
      const message = readMessage(topicOf(example), Buffer.from(JSON.stringify(example.payload)));
      expect(checkMessage(message, parties).filter(({ kind }) => kind === 'REJECT')).toEqual([]);
    },
  );

  test('frames in them are DL/T 645 frames of the meter they are for', () => {
    let seen = 0;
    for (const { body } of examples) {
      const parts = [body, ...((body['orders'] ?? body['answers'] ?? []) as (typeof body)[])];
      for (const part of parts) {
        for (const hex of [part['frame'] ?? [], part['frames'] ?? []].flat() as string[]) {
          expect(decodeFrame(Buffer.from(hex, 'hex'))).toMatchObject({ ok: true, frame: { address: part.meter } });
          seen += 1;
        }
      }
    }
    expect(seen).toBeGreaterThan(5);
  });
});
