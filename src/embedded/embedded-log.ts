import type { Logger } from '../platform/log.js';

/** The part of the product's log that the embedded parts need. */
export type EmbeddedLog = Pick<Logger, 'info' | 'warn' | 'error'>;
