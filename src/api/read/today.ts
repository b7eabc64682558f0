import { localDate, type LocalDate } from '../../platform/local-date.js';
import type { ApiContext } from '../context.js';

/** The local day it is now, by product time. */
export const today = ({ api }: ApiContext): LocalDate => localDate(api.deps.flows.clock.now(), api.deps.flows.timeZone);
