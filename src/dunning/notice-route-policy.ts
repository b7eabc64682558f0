/** Which way a notice goes: the channels of its step in order, each with the contacts that can take it. */
import type { ContactKind } from '../accounts/customer.js';
import type { LadderStep } from './policy-schema.js';
import { NOTICE_CHANNELS, type NoticeChannel } from './words.js';

/** One way to reach somebody. Without a contact it goes to the premises, or is addressed by account number. */
export interface NoticeRoute {
  readonly channel: NoticeChannel;
  readonly contactId: string | null;
}

/** A valid contact of the customer; the caller has them in order of preference. */
export interface RouteContact {
  readonly id: string;
  readonly kind: ContactKind;
}

const KINDS: Readonly<Record<NoticeChannel, readonly ContactKind[]>> = {
  SMS: ['MOBILE'],
  VOICE: ['MOBILE', 'LANDLINE'],
  APP: [],
  EMAIL: ['EMAIL'],
  LETTER: ['ADDRESS'],
  VISIT: ['ADDRESS'],
};

/** Channels that need no contact on file: the premises are known, and the app knows the account. */
const WITHOUT_CONTACT: readonly NoticeChannel[] = ['APP', 'LETTER', 'VISIT'];

/** Ways of a notice, best first; empty when no contact on file fits any channel. */
export function routesOf(channels: readonly NoticeChannel[], contacts: readonly RouteContact[]): NoticeRoute[] {
  return channels.flatMap((channel): NoticeRoute[] => {
    const fitting = contacts.filter(({ kind }) => KINDS[channel].includes(kind));
    // One visit or letter to the address is enough; each phone is tried.
    if (WITHOUT_CONTACT.includes(channel)) return [{ channel, contactId: fitting[0]?.id ?? null }];
    return fitting.map(({ id }) => ({ channel, contactId: id }));
  });
}

/** Whether the gateway sends it by itself; otherwise a person calls, writes or goes there. */
export const isByGateway = (channel: NoticeChannel, actor: LadderStep['actor']): boolean =>
  channel === 'SMS' || channel === 'APP' || channel === 'EMAIL' || (channel === 'VOICE' && actor === 'SYSTEM');

export const routeText = ({ channel, contactId }: NoticeRoute): string =>
  contactId === null ? channel : `${channel}:${contactId}`;

/** @throws RangeError for a text that is no route */
export function parseRoute(text: string): NoticeRoute {
  const [name, contactId] = text.split(':');
  const channel = NOTICE_CHANNELS.find((one) => one === name);
  if (!channel) throw new RangeError(`${JSON.stringify(text)} is not a way of a notice`);
  return { channel, contactId: contactId ?? null };
}
