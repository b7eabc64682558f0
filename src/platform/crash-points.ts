/**
 * Named places where a test may kill this process for real (`CRASH_AT=point:n`, SIGKILL at the n-th passing), to prove
 * that nothing between two steps of a flow can lose or double anything. Without the variable a point costs one comparison.
 */
const [pointName, countText] = (process.env['CRASH_AT'] ?? '').split(':');
let passesLeft = Number(countText ?? '1');

/** Every point there is; the crash test walks this list. Order: receive a payment, dispatch its restore, take the answer. */
export const CRASH_POINTS = [
  'receive-payment/begun',
  'receive-payment/account-locked',
  'receive-payment/posted',
  'receive-payment/restore-ordered',
  'receive-payment/committed',
  'receive-payment/nudged',
  'dispatch/committed',
  'dispatch/signed',
  'dispatch/published',
  'uplink/received',
  'uplink/decoded',
  'uplink/reports-locked',
  'uplink/reports-applied',
  'uplink/readings-stored',
  'uplink/committed',
  'uplink/acknowledged',
  'attend/claimed',
  'attend/committed',
] as const;

/** The same for a cut, between the commit that marks it SENT and what becomes of it: the guard's answer, the wire, or its end unsigned. */
export const CUT_CRASH_POINTS = [
  'dispatch/cut-committed',
  'dispatch/cut-signed',
  'dispatch/cut-published',
  'dispatch/cut-refused',
  'dispatch/cut-ended',
] as const;

/** The same for messages to customers: claimed, handed to the gateway. */
export const NOTICE_CRASH_POINTS = ['notices/claimed', 'notices/sent'] as const;

export type CrashPoint =
  (typeof CRASH_POINTS)[number] | (typeof CUT_CRASH_POINTS)[number] | (typeof NOTICE_CRASH_POINTS)[number];

/** Kills the process with SIGKILL if a test asked for it here. */
export function crashPoint(point: CrashPoint): void {
  if (pointName !== point) return;
  passesLeft -= 1;
  if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
