import { protectionRulesAt } from '../../flows/keep-protection.js';
import { protectionDueAt } from '../../switching/protection-orders.js';
import type { ApiContext } from '../context.js';

/** Whether protection is due at a meter now; all meters of a request are asked about together. */
export function keptProtection(ctx: ApiContext, meterId: string): Promise<boolean> {
  return ctx.scope
    .loader<string, boolean>('protection due', async (ids) => {
      const { flows } = ctx.api.deps;
      const due = await protectionDueAt(flows.db, protectionRulesAt(flows, flows.clock.now()), ids);
      return ids.map((id) => due.has(id));
    })
    .load(meterId);
}
