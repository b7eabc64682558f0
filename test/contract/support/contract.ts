import { parse } from 'yaml';
import { readProjectFile } from '../../support/source-files.js';

export interface Message {
  readonly name: string;
  readonly payload: object;
  readonly examples: readonly { readonly name: string; readonly summary: string; readonly payload: object }[];
  readonly 'x-signed-by'?: string;
  readonly 'x-signed-examples'?: Readonly<Record<string, { readonly by: readonly string[]; readonly body: Body }>>;
}

/** What every body says of itself, and the rest. */
export interface Body {
  readonly kind: string;
  readonly gateway: string;
  readonly meter?: string;
  readonly [member: string]: unknown;
}

export interface Contract {
  readonly channels: Readonly<
    Record<string, { readonly address: string; readonly messages: Readonly<Record<string, object>> }>
  >;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly action: 'send' | 'receive';
        readonly channel: { readonly $ref: string };
        readonly 'x-published-by': string;
        readonly bindings: { readonly mqtt: { readonly qos: number; readonly retain: boolean } };
      }
    >
  >;
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
  readonly 'x-test-keys': {
    readonly keys: readonly { readonly kid: string; readonly role: string; readonly d: string; readonly x: string }[];
  };
}

/** schema/mqtt/asyncapi.yaml as it stands, nothing resolved. */
export const contract = parse(readProjectFile('schema/mqtt/asyncapi.yaml')) as Contract;

/** One example with what it says of itself; `signing` where it is an envelope. */
export interface Example {
  readonly id: string;
  readonly message: Message;
  readonly address: string;
  readonly payload: object;
  readonly body: Body;
  readonly signing: { readonly by: readonly string[]; readonly body: Body } | undefined;
}

/** Every example of every message, on the channel that carries it. */
export const examples: readonly Example[] = Object.entries(contract.channels).flatMap(([, { address, messages }]) =>
  Object.keys(messages).flatMap((key) => {
    const message = contract.components.messages[key]!;
    return message.examples.map((example) => {
      const signing = message['x-signed-examples']?.[example.name];
      const body = signing?.body ?? (example.payload as Body);
      return { id: `${key}.${example.name}`, message, address, payload: example.payload, body, signing };
    });
  }),
);

/** The topic an example is published on. */
export const topicOf = ({ address, body }: Example): string =>
  address.replaceAll('{gateway}', body.gateway).replaceAll('{meter}', body.meter ?? body.gateway);
