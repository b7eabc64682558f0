import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { projectPath } from '../../platform/project-path.js';

/** A JSON Schema, as far as the page reads it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly contentSchema?: JsonSchema;
}

/** A message of the contract with what the page tells of it. */
export interface ContractMessage {
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  /** Who signs it; undefined for plain JSON. */
  readonly signedBy: string | undefined;
  /** File of the schema of what it says, inside the envelope if there is one. */
  readonly schemaFile: string;
  readonly examples: readonly {
    readonly name: string;
    readonly summary: string;
    readonly body: unknown;
    /** As it goes over the wire, where that is not the body itself. */
    readonly envelope: unknown;
  }[];
}

/** A topic with who publishes on it and how. */
export interface ContractTopic {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly publishedBy: string;
  readonly summary: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly messages: readonly string[];
}

export interface TestKey {
  readonly kid: string;
  readonly role: string;
  readonly source: string;
  readonly d: string;
  readonly x: string;
}

/** The contract as its page shows it, read from schema/mqtt. */
export interface Contract {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly servers: readonly { readonly title: string; readonly address: string; readonly description: string }[];
  readonly security: string;
  readonly topics: readonly ContractTopic[];
  readonly messages: readonly ContractMessage[];
  readonly schemas: ReadonlyMap<string, JsonSchema>;
  readonly testKeys: { readonly description: string; readonly keys: readonly TestKey[] };
  /** The files themselves, by name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: Record<string, { title: string; protocol: string; host: string; description: string }>;
  readonly channels: Record<string, { address: string; title: string; description?: string; messages: object }>;
  readonly operations: Record<
    string,
    {
      channel: { $ref: string };
      summary: string;
      'x-published-by': string;
      bindings: { mqtt: { qos: number; retain: boolean } };
    }
  >;
  readonly components: {
    readonly securitySchemes: Record<string, { description: string }>;
    readonly messages: Record<string, DocumentMessage>;
  };
  readonly 'x-test-keys': Contract['testKeys'];
}

interface DocumentMessage {
  readonly title: string;
  readonly summary: string;
  readonly payload: JsonSchema;
  readonly examples: readonly { readonly name: string; readonly summary: string; readonly payload: unknown }[];
  readonly 'x-signed-by'?: string;
  readonly 'x-signed-examples'?: Readonly<Record<string, { readonly body: unknown }>>;
}

const FOLDER = projectPath('schema', 'mqtt');
const DOCUMENT = 'asyncapi.yaml';

/** Reads the contract from the files that are used at run time. @throws Error when one of them is missing or is no YAML or JSON */
export function readContract(): Contract {
  const names = readdirSync(FOLDER).filter((name) => name === DOCUMENT || name.endsWith('.schema.json'));
  const files = new Map(names.sort().map((name) => [name, readFileSync(`${FOLDER}/${name}`)]));
  const document = parse(files.get(DOCUMENT)!.toString('utf8')) as Document;
  const schemas = new Map(
    [...files]
      .filter(([name]) => name !== DOCUMENT)
      .map(([name, bytes]) => [name, JSON.parse(bytes.toString('utf8')) as JsonSchema]),
  );
  return {
    ...document.info,
    servers: Object.values(document.servers).map(({ title, protocol, host, description }) => ({
      title,
      address: `${protocol}://${host}`,
      description,
    })),
    security: document.components.securitySchemes['gatewayPassword']!.description,
    topics: Object.values(document.operations).map((operation) => topicOf(document, operation)),
    messages: Object.entries(document.components.messages).map(([key, message]) => messageOf(key, message)),
    schemas,
    testKeys: document['x-test-keys'],
    files,
  };
}

function topicOf(document: Document, operation: Document['operations'][string]): ContractTopic {
  const channel = document.channels[operation.channel.$ref.replace('#/channels/', '')]!;
  const { address, title, description = '' } = channel;
  return {
    address,
    title,
    description,
    publishedBy: operation['x-published-by'],
    summary: operation.summary,
    ...operation.bindings.mqtt,
    messages: Object.keys(channel.messages),
  };
}

function messageOf(key: string, message: DocumentMessage): ContractMessage {
  const { title, summary, payload } = message;
  const inside = payload.allOf?.[1]?.properties?.['payload']?.contentSchema ?? payload;
  return {
    key,
    title,
    summary,
    signedBy: message['x-signed-by'],
    schemaFile: inside.$ref!.replace('./', ''),
    examples: message.examples.map((example) => {
      const signed = message['x-signed-examples']?.[example.name];
      return {
        name: example.name,
        summary: example.summary,
        body: signed?.body ?? example.payload,
        envelope: signed ? example.payload : undefined,
      };
    }),
  };
}
