import type { Table } from '../support/cuttable.js';
import { australia } from './australia.js';
import { chinaCostControl } from './china-cost-control.js';
import { chinaPostpaid } from './china-postpaid.js';
import { indiaPostpaid, indiaPrepaid } from './india.js';
import { newYork } from './new-york.js';
import { texas } from './texas.js';
import { uk } from './uk.js';

/** The table of every preset. */
export const TABLES: readonly Table[] = [
  chinaPostpaid,
  chinaCostControl,
  newYork,
  texas,
  uk,
  australia,
  indiaPostpaid,
  indiaPrepaid,
];
