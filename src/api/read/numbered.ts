import type { NodeRows } from './rows.js';
import type { Scope } from './scope.js';

/** The natural keys people know, as the database checks them. Text that is none of this form names nothing. */
const KEYS = {
  Account: { property: 'accountNumber', form: /^[0-9]{10}$/ },
  Gateway: { property: 'gatewayNumber', form: /^[0-9]{12}$/ },
  Meter: { property: 'serial', form: /^[0-9]{12}$/ },
  ServicePoint: { property: 'servicePointNumber', form: /^[0-9]{10}$/ },
  TransformerDistrict: { property: 'code', form: /^[A-Z0-9-]{2,32}$/ },
} as const;

/** The row with this number or code, or null if there is none within the viewer's reach. */
export async function numbered<Name extends keyof typeof KEYS>(
  scope: Scope,
  name: Name,
  number: string,
): Promise<NodeRows[Name] | null> {
  const { property, form } = KEYS[name];
  return form.test(number) ? scope.findBy(name, property as string & keyof NodeRows[Name], number) : null;
}
