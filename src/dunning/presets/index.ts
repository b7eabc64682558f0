import type { DunningPolicyDocument } from '../policy-schema.js';
import { australia } from './australia.js';
import { chinaCostControl, chinaPostpaid } from './china.js';
import { indiaPostpaid, indiaPrepaid } from './india.js';
import { newYork } from './new-york.js';
import { texas } from './texas.js';
import { uk } from './uk.js';

/** The books that come with Relight, by name. */
export const PRESET_BOOKS: Readonly<Record<string, readonly DunningPolicyDocument[]>> = {
  CHINA: [chinaPostpaid, chinaCostControl],
  NEW_YORK: [newYork],
  TEXAS: [texas],
  UK: [uk],
  AUSTRALIA: [australia],
  INDIA: [indiaPostpaid, indiaPrepaid],
};
