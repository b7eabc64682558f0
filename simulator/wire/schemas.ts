import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packagePath } from '../package-root.js';
import type { ClockMessage, FleetManifest, OrdersMessage, ReadRequest, SwitchCommand, TimeOrder } from './contract.js';

const ajv = new Ajv2020({ allErrors: false, strict: false });

/** Compiles one committed schema. `file` is relative to `schema/`. Also used by tests, for what meters send. */
export function compileSchema<T>(file: string): ValidateFunction<T> {
  const schema = JSON.parse(readFileSync(packagePath('schema', file), 'utf8')) as { $id: string };
  return (ajv.getSchema(schema.$id) ?? ajv.compile(schema)) as ValidateFunction<T>;
}

/** JWS in the general JSON serialization. */
export interface Envelope {
  payload: string;
  signatures: { protected: string; signature: string }[];
}

// Compiled once at start: compiling costs milliseconds, validating microseconds.
export const isEnvelope = compileSchema<Envelope>('mqtt/envelope.schema.json');
export const isSwitchCommand = compileSchema<SwitchCommand>('mqtt/switch.schema.json');
export const isReadRequest = compileSchema<ReadRequest>('mqtt/read.schema.json');
export const isTimeOrder = compileSchema<TimeOrder>('mqtt/time.schema.json');
/** Its schema names the three above, so it comes after them. */
export const isOrders = compileSchema<OrdersMessage>('mqtt/orders.schema.json');
export const isClockMessage = compileSchema<ClockMessage>('mqtt/clock.schema.json');
export const isFleetManifest = compileSchema<FleetManifest>('fleet.schema.json');

/** The first thing a validator found wrong, in words: `/meters/3/meter must match pattern …`. */
export function firstProblem(validate: ValidateFunction): string {
  const error = validate.errors?.[0];
  if (!error) return 'does not match its schema';
  const extra = 'additionalProperty' in error.params ? ` (${String(error.params.additionalProperty)})` : '';
  return `${error.instancePath || '(top level)'} ${error.message ?? 'is wrong'}${extra}`;
}
