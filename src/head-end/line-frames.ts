import type { MeterSecrets, MeterSecretsSource } from '../metering/meter-secrets.js';
import type { TimeOrder } from '../flows/correct-meter-clocks.js';
import { daysBetween, localDate } from '../platform/local-date.js';
import type { ReadOrder, SwitchOrder } from '../switching/dispatch.js';
import { clockWriteBytes, encodeClockWrite, type ClockPart } from './codecs/dlt645/clock-frames.js';
import { localMoment } from './codecs/dlt645/local-moment.js';
import { encodeReadRequest } from './codecs/dlt645/reading-frames.js';
import { DI, MAX_FREEZES } from './codecs/dlt645/registers.js';
import { softwareSecurityModule, type SecurityModule } from './codecs/dlt645/security-module.js';
import {
  authorityBytes,
  CIPHER_AUTHORITY,
  encodeSealedSwitch,
  encodeSwitch,
  passwordAuthority,
  switchPlaintext,
  type OrderName,
  type SwitchRequest,
} from './codecs/dlt645/switch-frame.js';

/** Operator code of the head-end: meters keep it with their last orders. */
export const OPERATOR = Buffer.alloc(4);

/** What is read to know what a meter's state is: status word 3 first, since it alone proves anything. */
const STATE_REGISTERS = [DI.STATUS_WORD_3, DI.VOLTAGE_A, DI.POWER];
const CLOCK_REGISTERS = [DI.DATE, DI.TIME];

/** Why an order cannot be written for its meter. The text says what to do. */
export class UnsendableOrder extends Error {
  constructor(
    readonly code: 'NO_METER_SECRETS' | 'CREDENTIALS_REFUSED',
    message: string,
  ) {
    super(message);
  }
}

/** Writes the frames of DL/T 645 meters: the only place that handles their passwords and keys. */
export class LineFrames {
  constructor(
    private readonly secretsOf: MeterSecretsSource | undefined,
    private readonly timeZone: string,
    /** A company's own security module; without one the keys follow from the master secret. */
    private readonly module?: SecurityModule,
  ) {}

  /**
   * The frame of a switch order, hexadecimal. Its valid-until is local time, cut off to the second: never after `notAfter`.
   * @throws UnsendableOrder NO_METER_SECRETS, CREDENTIALS_REFUSED
   * @throws Dlt645Error where the serial is not the address of one meter
   */
  async switchFrame(order: SwitchOrder): Promise<string> {
    if (order.credentialsRefused)
      throw new UnsendableOrder(
        'CREDENTIALS_REFUSED',
        'the meter has refused our password; a few wrong ones lock it, so somebody must put its credentials right first',
      );
    const request: SwitchRequest = {
      address: order.serial,
      order: orderOf(order),
      validUntil: localMoment(order.notAfter, this.timeZone),
      operator: OPERATOR,
    };
    const secrets = await this.secrets();
    if (order.securityClass !== 'CIPHER')
      return encodeSwitch(request, secrets.dlt645Password(order.serial)).toString('hex');
    const head = authorityBytes(CIPHER_AUTHORITY, OPERATOR);
    const sealed = await this.moduleOf(secrets).sealSwitch(order.serial, head, switchPlaintext(request));
    return encodeSealedSwitch(order.serial, OPERATOR, sealed).toString('hex');
  }

  /**
   * The frame that sets a clock, hexadecimal: its date where it shows another one, else its time. Both are wrong: two orders, one after the other.
   * @throws UnsendableOrder NO_METER_SECRETS
   */
  async timeFrame({ serial, securityClass, at, offsetMs }: TimeOrder): Promise<string> {
    const moment = localMoment(at, this.timeZone);
    const shown = localMoment(new Date(at.getTime() + offsetMs), this.timeZone);
    const part: ClockPart = shown.date === moment.date ? 'TIME' : 'DATE';
    const secrets = await this.secrets();
    if (securityClass === 'PASSWORD') {
      const authority = passwordAuthority(secrets.dlt645Password(serial));
      return encodeClockWrite(serial, clockWriteBytes(part, moment, authority, OPERATOR)).toString('hex');
    }
    const bytes = clockWriteBytes(part, moment, CIPHER_AUTHORITY, OPERATOR);
    return encodeClockWrite(serial, bytes, await this.moduleOf(secrets).tagWrite(serial, bytes)).toString('hex');
  }

  /**
   * The frames that ask for a meter's state, or for past midnights, hexadecimal; reading needs no password. Midnights are asked for by their number back from the
   * last one before `at`; of those that a meter does not keep any more there are none.
   */
  readFrames({ serial, clockInDoubt, midnights }: ReadOrder, at: Date): string[] {
    const stateRegisters = clockInDoubt ? [...CLOCK_REGISTERS, ...STATE_REGISTERS] : STATE_REGISTERS;
    const registers = midnights ? this.freezeRegisters(midnights, at) : stateRegisters;
    return registers.map((identifier) => encodeReadRequest(serial, identifier).toString('hex'));
  }

  private freezeRegisters(midnights: readonly string[], at: Date): number[] {
    const today = localDate(at, this.timeZone);
    return midnights
      .map((midnight) => daysBetween(midnight, today))
      .filter((back) => back >= 0 && back < MAX_FREEZES)
      .flatMap((back) => [DI.FREEZE_TIME + back, DI.FREEZE_ENERGY + back]);
  }

  /** @throws UnsendableOrder NO_METER_SECRETS */
  private async secrets(): Promise<MeterSecrets> {
    const secrets = await this.secretsOf?.();
    if (secrets) return secrets;
    throw new UnsendableOrder(
      'NO_METER_SECRETS',
      'this meter speaks DL/T 645 and nothing goes to it without its password: name the master secret in METER_SECRETS_FILE',
    );
  }

  private moduleOf(secrets: MeterSecrets): SecurityModule {
    return this.module ?? softwareSecurityModule((serial) => secrets.dlt645CipherKey(serial));
  }
}

/** What each operation is to a meter (contract v1, "DL/T 645 meters behind a concentrator"). */
const orderOf = ({ operation, mode }: SwitchOrder): OrderName => {
  if (operation === 'CUT') return 'TRIP';
  if (operation !== 'RESTORE') return operation;
  return mode === 'ARM' ? 'CLOSE_ALLOWED' : 'CLOSE';
};
