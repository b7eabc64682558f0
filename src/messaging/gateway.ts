import type { OutgoingNotice } from '../flows/send-notices.js';

/** A message as a gateway takes it. Personal data: never logged. */
export type Message = Pick<OutgoingNotice, 'messageId' | 'channel' | 'to' | 'language' | 'body'>;

/** What a gateway said. ACCEPTED means that it will try; what became of it comes as a delivery report. */
export type GatewayAnswer =
  | { readonly kind: 'ACCEPTED'; readonly gatewayMessageId: string }
  /** `permanent`: another try would be refused too. */
  | { readonly kind: 'REFUSED'; readonly code: string; readonly permanent: boolean };

/** The one door for messages to customers: SMS, voice, app and mail providers stand behind it. */
export interface MessageGateway {
  /** Hands a message over. The same messageId again is the same message: a gateway sends it once. Never throws. */
  send(message: Message): Promise<GatewayAnswer>;
  close(): Promise<void>;
}
