import { openHoldsOf } from '../../src/dunning/holds.js';
import { standingOf } from '../../src/dunning/standings.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildHouse } from './support/houses.js';
let relight: TestRelight;
beforeAll(async () => { relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } }); });
afterAll(() => relight.stop());
test('measure', async () => {
  const h = await buildHouse(relight);
  const N = 100_000;
  await relight.sql(`SET session_replication_role = replica`).catch(() => undefined);
  const c = relight.ctx.db.pool; const cl = await c.connect();
  await cl.query(`SET session_replication_role = replica`);
  await cl.query(`CREATE TEMP TABLE g AS SELECT n, gen_random_uuid() cu, gen_random_uuid() ac, gen_random_uuid() sp FROM generate_series(1, ${N}) n`);
  await cl.query(`INSERT INTO customer (id, name, customer_class, created_at) SELECT cu, 'x', 'RESIDENTIAL', '2020-01-01' FROM g`);
  await cl.query(`INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, opened_at) SELECT ac, '55' || lpad(n::text, 8, '0'), cu, '${h.districtId}', 'CNY', 'T', now() FROM g`);
  await cl.query(`INSERT INTO service_point (id, service_point_number, account_id, district_id, address) SELECT sp, '56' || lpad(n::text, 8, '0'), ac, '${h.districtId}', 'x' FROM g`);
  await cl.query(`INSERT INTO contact (id, customer_id, kind, value) SELECT gen_random_uuid(), cu, k, 'v' || n FROM g, unnest(ARRAY['MOBILE','ADDRESS']) k`);
  await cl.query(`INSERT INTO contact_proof (id, contact_id, at, outcome, how, recorded_at, recorded_by) SELECT gen_random_uuid(), c.id, '2026-02-01', 'REACHED', 'CALL', now(), 't' FROM contact c, generate_series(1,2)`);
  await cl.query(`INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
    SELECT gen_random_uuid(), ac, sp, '2025-03-01'::date + m * 28, '2025-03-01'::date + m * 28 + 28, 1, false, '2025-03-01'::date + m * 28 + 28, '2025-03-01'::date + m * 28 + 43, 'CNY', 100, CASE WHEN m = 10 AND n % 5 = 0 THEN 0 ELSE 100 END FROM g, generate_series(0, 10) m`);
  await cl.query(`INSERT INTO payment_allocation (bill_id, principal_minor, late_fee_minor, at) SELECT id, 100, 0, issued_at + interval '10 days' FROM bill WHERE paid_minor = 100`);
  await cl.query(`INSERT INTO hold (id, account_id, kind, reason, opened_at, opened_by, from_date) SELECT gen_random_uuid(), ac, 'DISPUTE', 'xxx', '2026-03-01', 't', '2026-03-01' FROM g WHERE n % 20 = 0`);
  await cl.query(`ANALYZE`);
  cl.release();
  const ids = (await relight.sql<{ id: string }>(`SELECT id FROM account WHERE account_number LIKE '55%' ORDER BY id`)).map(({ id }) => id);
  const at = relight.ctx.clock.now();
  const ms: number[] = []; const started = performance.now(); let heap = 0;
  for (let i = 0; i < ids.length; i += 5000) {
    const t = performance.now();
    const page = ids.slice(i, i + 5000);
    const s = await standingOf(relight.ctx.db, page, at);
    await openHoldsOf(relight.ctx.db, page, '2026-03-10');
    if (i === 0) console.log([...s.values()][0]!.creditRating);
    ms.push(Math.round(performance.now() - t)); heap = Math.max(heap, process.memoryUsage().heapUsed);
  }
  console.log(ids.length, 'accounts, 11 bills each, total ms', Math.round(performance.now() - started), 'pages', ms.join(' '), 'heap MB', Math.round(heap / 1e6));
}, 400_000);
