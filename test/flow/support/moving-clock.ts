import type { TestRelight } from '../../support/test-relight.js';
import { contextAt } from './acts.js';
import { buildDistrict } from './houses.js';

/** A Relight whose product time stands where the test puts it, and moves when the test says so. */
export interface MovingRelight extends TestRelight {
  /** Product time now. */
  now(): Date;
  /** Puts product time to an instant. */
  moveTo(at: Date | string): void;
  /** Lets product time pass. */
  pass(minutes: number): void;
}

/** The same Relight under a clock that the test moves; it begins at `at`. */
export function movable(relight: TestRelight, at: Date | string): MovingRelight {
  let now = new Date(at);
  const moving: MovingRelight = {
    ...relight,
    ctx: { ...relight.ctx, clock: { ...contextAt(relight, at).clock, now: () => now } },
    now: () => now,
    moveTo: (to) => {
      now = new Date(to);
    },
    pass: (minutes) => {
      now = new Date(now.getTime() + minutes * 60_000);
    },
  };
  return moving;
}

/** A district of its own with a counter where one can pay, so that cuts are allowed there. Returns its id. */
export async function buildDistrictWithCounter(relight: TestRelight): Promise<string> {
  const districtId = await buildDistrict(relight);
  await relight.sql(
    `INSERT INTO payment_channel (id, code, name, kind, district_id, hours, open_on_holidays, changed_at)
     SELECT gen_random_uuid(), 'T-' || upper(left(md5($1), 8)), 'test counter', 'COUNTER', $1::uuid, c.hours, false, now() FROM payment_channel c WHERE c.kind = 'COUNTER' LIMIT 1`,
    [districtId],
  );
  return districtId;
}
