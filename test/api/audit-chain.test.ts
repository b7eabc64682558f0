import { generateKeyPairSync } from 'node:crypto';
import { addCheckpoint, sealBatch } from '../../src/platform/audit-seals.js';
import { recordAudit } from '../../src/platform/audit.js';
import { newId } from '../../src/platform/ids.js';
import { eventually } from '../support/eventually.js';
import { startTestApi, TEST_START, type TestApi } from './support/test-api.js';

const QUERY = `{ auditChain { sealedEntries batch batchHash sealedAt unsealedEntries lastCheckpoint { checkpoint batch hash entries at kid } } }`;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const write = (entries: number) =>
  api.flows.db.transaction('write', (tx) =>
    recordAudit(
      tx,
      TEST_START,
      { kind: 'SYSTEM', id: 'test' },
      Array.from({ length: entries }, () => ({ act: 'bill.issued', subjectType: 'Bill', subjectId: newId() })),
    ),
  );

test('an auditor sees how far the audit is sealed, what waits, and the last signed word about it', async () => {
  const token = await api.token('AUDITOR');
  expect((await api.ask(token, QUERY)).data).toEqual({
    auditChain: {
      sealedEntries: 0,
      batch: null,
      batchHash: null,
      sealedAt: null,
      unsealedEntries: 0,
      lastCheckpoint: null,
    },
  });
  await write(3);
  const time = { at: TEST_START, wallAt: new Date() };
  // A transaction of another test may hold back the horizon for a moment.
  await eventually('they are sealed', () =>
    api.flows.db.transaction('seal', async (tx) => (await sealBatch(tx, time)) === 3),
  );
  const key = { kid: 'audit-0123abcd', x: '', privateKey: generateKeyPairSync('ed25519').privateKey };
  await api.flows.db.transaction('sign', (tx) => addCheckpoint(tx, key, time, true));
  await write(2);
  const [batch] = await api.sql<{ hash: string }>(`SELECT encode(batch_hash, 'hex') AS hash FROM audit_batch`);
  const at = TEST_START.toISOString();
  expect((await api.ask(token, QUERY)).data).toEqual({
    auditChain: {
      sealedEntries: 3,
      batch: 1,
      batchHash: batch!.hash,
      sealedAt: at,
      unsealedEntries: 2,
      lastCheckpoint: { checkpoint: 1, batch: 1, hash: batch!.hash, entries: 3, at, kid: 'audit-0123abcd' },
    },
  });
});
