import type { Account, ServicePoint } from '../../accounts/account.js';
import type { Gateway, Meter } from '../../metering/meter.js';
import type { TransformerDistrict } from '../../accounts/transformer-district.js';
import { UserError } from '../../platform/errors.js';
import type { ApiContext } from '../context.js';
import { numbered } from '../read/numbered.js';
import type { NodeName, NodeRows } from '../read/rows.js';
import { checkId } from './checks.js';

/** The service point with this number, within the viewer's reach. @throws UserError SERVICE_POINT_NOT_FOUND */
export async function reachableServicePoint(
  { scope }: ApiContext,
  servicePointNumber: string,
  field = 'servicePointNumber',
): Promise<ServicePoint> {
  const point = await numbered(scope, 'ServicePoint', servicePointNumber);
  if (!point) {
    throw new UserError('SERVICE_POINT_NOT_FOUND', 'There is no such service point. Look it up by its number.', field);
  }
  return point;
}

/** The transformer district with this code, within the viewer's reach. @throws UserError DISTRICT_NOT_FOUND */
export async function reachableDistrict({ scope }: ApiContext, districtCode: string): Promise<TransformerDistrict> {
  const district = await numbered(scope, 'TransformerDistrict', districtCode);
  if (!district) {
    throw new UserError(
      'DISTRICT_NOT_FOUND',
      'There is no such transformer district. Look it up by its code.',
      'districtCode',
    );
  }
  return district;
}

/** The gateway with this number, within the viewer's reach. @throws UserError GATEWAY_NOT_FOUND */
export async function reachableGateway({ scope }: ApiContext, gatewayNumber: string): Promise<Gateway> {
  const gateway = await numbered(scope, 'Gateway', gatewayNumber);
  if (!gateway) {
    throw new UserError(
      'GATEWAY_NOT_FOUND',
      'There is no such gateway. Look it up by its number, or register it.',
      'gatewayNumber',
    );
  }
  return gateway;
}

/** The meter with this serial, within the viewer's reach. @throws UserError METER_NOT_FOUND */
export async function reachableMeter({ scope }: ApiContext, serial: string): Promise<Meter> {
  const meter = await numbered(scope, 'Meter', serial);
  if (!meter) {
    throw new UserError(
      'METER_NOT_FOUND',
      'There is no such meter. Look it up by its serial, or register it.',
      'serial',
    );
  }
  return meter;
}

/** The object with this global id, within the viewer's reach. @throws UserError with `code`: it does not exist, as far as the viewer may know */
export async function reachable<Name extends NodeName>(
  { scope }: ApiContext,
  type: Name,
  globalId: string,
  field: string,
  code: string,
): Promise<NodeRows[Name]> {
  const row = await scope.find(type, checkId(type, globalId, field, code));
  if (!row) throw new UserError(code, `There is no such ${type}. Look it up again.`, field);
  return row;
}

/** The account with this number, within the viewer's reach. @throws UserError ACCOUNT_NOT_FOUND */
export async function reachableAccount({ scope }: ApiContext, accountNumber: string): Promise<Account> {
  const account = await numbered(scope, 'Account', accountNumber);
  if (!account) {
    throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountNumber');
  }
  return account;
}
