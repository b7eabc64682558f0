import pg from 'pg';
import { placeDistrict, placeHousehold } from './support/fixtures.js';
import { listen, socketClient } from './support/sockets.js';
import { startTestApi } from './support/test-api.js';
test('stress', async () => {
  const api = await startTestApi();
  const district = await placeDistrict(api);
  const staff = await api.token('SUPERVISOR');
  const open = new pg.Client({ connectionString: api.flows.db.url });
  await open.connect();
  await open.query('BEGIN'); await open.query('SELECT pg_current_xact_id()');
  const bad: unknown[] = [];
  for (let i = 0; i < 150; i += 1) {
    const home = await placeHousehold(api, district);
    const client = socketClient(api, staff);
    const l = listen(client, `subscription ($n: String!) { supplyChanged(servicePointNumber: $n) { resumeToken } }`, { n: home.servicePointNumber });
    const e = await l.next();
    if ('error' in e) bad.push([i, e, await api.sql('select id from service_point where service_point_number = $1', [home.servicePointNumber])]);
    if (i % 3 === 0) client.terminate(); else await client.dispose();
  }
  await open.query('ROLLBACK'); await open.end();
  expect(bad).toEqual([]);
  await api.stop();
});
