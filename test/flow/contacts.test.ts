import pg from 'pg';
import { newId } from '../../src/platform/ids.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildHouse, type House } from './support/houses.js';

// New-connection rule (新装): at least two valid contacts. The database keeps it at every commit, whoever writes.
let relight: TestRelight;
let client: pg.Client;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
  client = new pg.Client({ connectionString: relight.database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await relight.stop();
});

/** Runs statements in one transaction; the constraint is judged at its end. */
async function together(...statements: readonly [text: string, values?: unknown[]][]): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const [text, values] of statements) await client.query(text, values);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
const REFUSED = { code: '23514', constraint: 'customer_two_contacts' };
const customer = (id: string): [string, unknown[]] => [
  `INSERT INTO customer (id, name, customer_class, created_at) VALUES ($1, '王伟', 'RESIDENTIAL', now())`,
  [id],
];
const contact = (customerId: string, value: string, kind = 'MOBILE', valid = true): [string, unknown[]] => [
  `INSERT INTO contact (id, customer_id, kind, value, valid) VALUES ($1, $2, $3, $4, $5)`,
  [newId(), customerId, kind, value, valid],
];
const validOf = async (house: House) =>
  (await client.query('SELECT FROM contact WHERE customer_id = $1 AND valid', [house.customerId])).rowCount;

test.each<[what: string, contacts: (id: string) => [string, unknown[]][], accepted: boolean]>([
  ['none', () => [], false],
  ['one', (id) => [contact(id, '13800000000')], false],
  ['two', (id) => [contact(id, '13800000000'), contact(id, 'Jinan, 1', 'ADDRESS')], true],
  [
    'two, one of them not valid',
    (id) => [contact(id, '13800000000'), contact(id, '13800000001', 'MOBILE', false)],
    false,
  ],
])('a new customer with %s', async (_what, contacts, accepted) => {
  const id = newId();
  const putting = together(customer(id), ...contacts(id));
  await (accepted ? expect(putting).resolves.toBeUndefined() : expect(putting).rejects.toMatchObject(REFUSED));
});

test('the same contact twice is one', async () => {
  const id = newId();
  await expect(together(customer(id), contact(id, '13800000000'), contact(id, '13800000000'))).rejects.toMatchObject({
    code: '23505',
  });
});

describe('a customer with two', () => {
  let house: House;
  beforeEach(async () => {
    house = await buildHouse(relight);
  });
  afterEach(async () => {
    expect(await validOf(house)).toBeGreaterThanOrEqual(2);
  });
  const one = `(SELECT id FROM contact WHERE customer_id = $1 ORDER BY id LIMIT 1)`;

  test('keeps them: one is not deleted', () =>
    expect(together([`DELETE FROM contact WHERE id = ${one}`, [house.customerId]])).rejects.toMatchObject(REFUSED));

  test('keeps them: one is not marked wrong', () =>
    expect(together([`UPDATE contact SET valid = false WHERE id = ${one}`, [house.customerId]])).rejects.toMatchObject(
      REFUSED,
    ));

  test('may exchange one for another in one transaction', () =>
    together([`DELETE FROM contact WHERE id = ${one}`, [house.customerId]], contact(house.customerId, '13811111111')));

  test('may lose one of three', async () => {
    await together(contact(house.customerId, '13822222222'));
    await together([`UPDATE contact SET valid = false WHERE id = ${one}`, [house.customerId]]);
  });
});

test('a contact that is moved to another customer is missed by the one who had it', async () => {
  const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
  const moving = together([
    `UPDATE contact SET customer_id = $2 WHERE customer_id = $1 AND kind = 'MOBILE'`,
    [house.customerId, other.customerId],
  ]);
  await expect(moving).rejects.toMatchObject(REFUSED);
});
