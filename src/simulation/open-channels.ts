import type { FlowContext } from '../flows/context.js';
import { setPaymentChannel, type SetPaymentChannelRequest } from '../flows/set-payment-channel.js';
import type { Actor } from '../platform/audit.js';

const MONDAY_TO_SATURDAY = [1, 2, 3, 4, 5, 6];
const EVERY_DAY = [...MONDAY_TO_SATURDAY, 7];

type Channel = Pick<SetPaymentChannelRequest, 'code' | 'name' | 'kind' | 'districtId' | 'hours' | 'openOnHolidays'>;

const hours = (weekdays: readonly number[], opens: string, closes: string) =>
  weekdays.map((weekday) => ({ weekday, opens, closes }));

const APP: Channel = {
  code: 'APP',
  name: '掌上电力',
  kind: 'APP',
  districtId: null,
  hours: hours(EVERY_DAY, '00:00', '24:00'),
  openOnHolidays: true,
};

const counterOf = ({
  id,
  code,
  name,
}: {
  readonly id: string;
  readonly code: string;
  readonly name: string;
}): Channel => ({
  code: `${code}-COUNTER`.slice(-32),
  name: `${name}营业厅`,
  kind: 'COUNTER',
  districtId: id,
  hours: hours(MONDAY_TO_SATURDAY, '08:30', '17:30'),
  openOnHolidays: false,
});

/** Opens a counter in a simulated district, Monday to Saturday 08:30 to 17:30, and the app for everybody if it is not open yet. */
export async function openPaymentChannels(
  ctx: FlowContext,
  district: { readonly id: string; readonly code: string; readonly name: string },
  actor: Actor,
): Promise<void> {
  for (const channel of [APP, counterOf(district)]) {
    const request = { ...channel, closedFrom: null, closedUntil: null, downSince: null };
    await setPaymentChannel(
      ctx,
      { ...request, note: 'a new world opens', idempotencyKey: `world-channel-${channel.code}` },
      actor,
    );
  }
}
