import type { Meter } from '../../metering/meter.js';
import { GatewayEntity } from '../../metering/meter.js';
import type { ApiContext } from '../context.js';
import type { GatewayPresence } from './explain-power-policy.js';
import { presenceOf } from './supply.js';

/**
 * Whether the connection a meter uses is up. Not bound to the viewer's reach over gateways: whoever may see the meter may know
 * whether it can be reached.
 */
export async function presenceOfMeter({ api, scope }: ApiContext, meter: Meter | null): Promise<GatewayPresence> {
  if (!meter) return 'UNKNOWN';
  const online = await scope
    .loader<string, boolean | null>('presence', async (ids) => {
      const gateways = await api.deps.em().find(GatewayEntity, { id: { $in: [...ids] } });
      const byId = new Map(gateways.map((gateway) => [gateway.id, gateway.online]));
      return ids.map((id) => byId.get(id) ?? null);
    })
    .load(meter.gatewayId);
  return presenceOf({ online });
}
