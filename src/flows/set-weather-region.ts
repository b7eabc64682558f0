import { lockWeatherRegion, putWeatherRegion } from '../dunning/weather-reports.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { assert, UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

/**
 * Names the weather region a district lies in (气象区), or with null gives it back the one its code begins with. From the commit on its
 * customers are judged by that region's reports; a region nobody reports about blocks every cut that a rule about weather applies to.
 *
 * @throws UserError WEATHER_REGION, IDEMPOTENCY_KEY_REUSED
 */
export async function setWeatherRegion(
  ctx: FlowContext,
  request: {
    readonly districtId: string;
    readonly region: string | null;
    readonly note: string;
    readonly idempotencyKey: string;
  },
  actor: Actor,
): Promise<{ readonly replayed: boolean }> {
  const { districtId, region, note, idempotencyKey: key } = request;
  if (region !== null && !/^[A-Z0-9-]{1,32}$/.test(region))
    throw new UserError('WEATHER_REGION', 'A region has 1 to 32 capital letters, digits or hyphens.', 'region');
  return ctx.db.transaction('set-weather-region', async (tx) => {
    const at = ctx.clock.now();
    return once(tx, { key, act: 'set-weather-region', content: { districtId, region, note }, at }, async () => {
      const fromState = await lockWeatherRegion(tx, districtId);
      assert(fromState !== undefined, `there is no district ${districtId}`);
      const toState = await putWeatherRegion(tx, districtId, region);
      await recordAudit(tx, at, actor, [
        {
          act: 'weather-region.set',
          subjectType: 'TransformerDistrict',
          subjectId: districtId,
          fromState,
          toState,
          reason: note,
        },
      ]);
      return {};
    });
  });
}
