import { UserError } from '../platform/errors.js';

/** The meter that is to be put in place hangs somewhere. */
export const meterInUse = (): UserError =>
  new UserError(
    'METER_IN_USE',
    'The new meter is installed already. Check its serial, or take it off there first.',
    'newMeterId',
  );

/** What the database refuses about an installation, in words: it alone sees two of them at once. Anything else is given back as it is. */
export function installationRefusal(error: unknown): unknown {
  const { code, constraint } = error as { code?: string; constraint?: string };
  if (code === '23503' && constraint === 'meter_installation_meter_id_fkey')
    return new UserError(
      'METER_NOT_FOUND',
      'The new meter is not on record. Put it on record first, or check its serial.',
      'newMeterId',
    );
  if (code === '23505' && constraint === 'meter_installation_one_point') return meterInUse();
  return error;
}
