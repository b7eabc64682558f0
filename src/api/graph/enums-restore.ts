import { RECONNECT_MODE_REASONS } from '../../switching/switch-command.js';
import { describedEnum } from './described-enum.js';

export const ReconnectModeReasonEnum = describedEnum(
  'ReconnectModeReason',
  'Why a restore closes the relay, or arms the meter for its button (合闸方式原因).',
  RECONNECT_MODE_REASONS,
  {
    NO_REASON_TO_ARM: 'Nothing speaks against closing directly (可直接合闸).',
    METER: 'The meter is set up for its button (电表设置).',
    CUSTOMER_CLASS: 'Customers of this class are always armed (客户类别).',
    LONG_OFF: 'Nobody knows what was left switched on after so long (停电过久).',
    BACKFEED: 'Something feeds in behind the open relay; somebody looks (负荷侧带电).',
  },
);
