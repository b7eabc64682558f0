/** Notices on their way: the ladder prepares them, a gateway and people deliver them, or fail to. */
import { claimNotices, recordSent } from '../../src/flows/send-notices.js';
import { renewNotice } from '../../src/flows/renew-notice.js';
import { runDunning } from '../../src/flows/run-dunning.js';
import { serveNotice } from '../../src/flows/serve-notice.js';
import { takeDeliveryReport } from '../../src/flows/take-delivery-report.js';
import type { ProofKind } from '../../src/dunning/words.js';
import { UserError } from '../../src/platform/errors.js';
import { newKey } from '../flow/support/houses.js';
import { person } from '../support/test-relight.js';
import { Book } from './histories-book.js';
import { proofsFor } from './histories-notices-told.js';
import type { Story } from './histories-story.js';
import type { Table } from './histories-table.js';

const READER = person('exam-reader');
const GATEWAY = person('gateway');
const MINUTE_MS = 60_000;

interface Row {
  readonly id: string;
  readonly accountId: string;
  readonly step: string;
  readonly state: string;
  readonly copyOf: string | null;
  readonly createdAt: Date;
  readonly contactId: string | null;
  readonly byGateway: boolean;
  readonly recipient: string;
}

/** Reads what notices there are and what was taken back, and adds it to the histories. Returns those under way. */
async function look(table: Table): Promise<Row[]> {
  const open = table.stories.flatMap((story) => [...story.open]);
  const rows = await table.sql<Row>(
    `SELECT id, account_id AS "accountId", coalesce(step_code, purpose) AS step, state, copy_of_id AS "copyOf", created_at AS "createdAt",
            contact_id AS "contactId", by_gateway AS "byGateway", recipient
     FROM notice WHERE (state IN ('PREPARED', 'SENT') OR id = ANY($1::uuid[]) OR created_at >= $2) ORDER BY id`,
    [open, new Date(table.lookedMs)],
  );
  for (const { id, accountId, step, state, copyOf, createdAt } of rows) {
    const story = table.byAccount.get(accountId);
    if (!story) continue;
    if (!story.known.has(id)) {
      story.known.add(id);
      story.open.add(id);
      const ms = createdAt.getTime();
      const bills = new Set(new Book(story, ms).unpaid.map((bill) => bill.id));
      story.add(ms, { what: 'notice', id, step, copyOf, bills });
      table.count(`notice ${step} prepared`);
      table.lookedMs = Math.max(table.lookedMs, ms);
    }
    if (state === 'PREPARED' || state === 'SENT') continue;
    if (!story.open.delete(id)) continue;
    if (state === 'WITHDRAWN') story.add(createdAt.getTime(), { what: 'withdrawn', id });
    if (state === 'FAILED') story.add(createdAt.getTime(), { what: 'failed', id });
    if (state === 'WITHDRAWN' || state === 'FAILED') table.count(`notice ${state.toLowerCase()} by the product`);
  }
  return rows.filter(
    ({ accountId, state }) => table.byAccount.has(accountId) && (state === 'PREPARED' || state === 'SENT'),
  );
}

/** The ladder of everybody is computed, and what is due prepared. */
export async function dun(table: Table, ms: number): Promise<void> {
  const done = await runDunning(table.ctx(ms), new Date(ms));
  table.count('ladder computed', done.looked);
  await look(table);
}

/** The gateway takes what is for it; delivery reports come, or say that it failed, or do not come. */
export async function post(table: Table, ms: number): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    const claimed = await claimNotices(table.ctx(ms));
    if (claimed.length === 0) break;
    const rows = new Map((await look(table)).map((row) => [row.id, row]));
    const accepted = { kind: 'ACCEPTED', gatewayMessageId: 'gw' } as const;
    const sentMs = ms + (1 + round) * MINUTE_MS;
    await recordSent(
      table.ctx(sentMs),
      claimed.map((notice) => ({ notice, outcome: { ...accepted, gatewayMessageId: `gw-${notice.messageId}` } })),
    );
    // What needs no proof counts now and is not answered.
    const left = new Set((await look(table)).map(({ id }) => id));
    await table.each(
      claimed.filter(({ noticeId }) => left.has(noticeId)),
      async ({ noticeId, messageId }) => {
        const row = rows.get(noticeId)!;
        await report(table, table.byAccount.get(row.accountId)!, row, messageId, sentMs + 10_000);
      },
    );
  }
}

async function report(table: Table, story: Story, row: Row, messageId: string, ms: number): Promise<void> {
  const { dice } = story;
  const fate = dice.below(100);
  if (fate < 6) return void table.count('no delivery report');
  const lateMs = fate < 14 && row.step === 'LAST_CALL' ? ms + 12 * MINUTE_MS : ms;
  const delivered = fate < 88;
  const code = fate >= 97 ? 'INVALID_NUMBER' : 'ABSENT';
  const told = delivered
    ? { messageId, outcome: 'DELIVERED' as const }
    : { messageId, outcome: 'FAILED' as const, code };
  const done = await takeDeliveryReport(table.ctx(lateMs), told, GATEWAY);
  table.count(`${row.step === 'LAST_CALL' ? 'last call' : 'message'} ${delivered ? 'delivered' : 'not delivered'}`);
  if (row.contactId !== null) {
    const outcome = delivered ? 'REACHED' : code === 'INVALID_NUMBER' ? 'INVALID' : 'NOT_REACHED';
    story.add(lateMs, { what: 'tried', contact: row.contactId, whenMs: lateMs, outcome });
  }
  if (done.state === 'SERVED') {
    story.open.delete(row.id);
    story.add(lateMs, { what: 'served', id: row.id, whenMs: lateMs, proof: delivered ? 'DELIVERY_REPORT' : null });
  }
  if (done.state === 'FAILED') {
    story.open.delete(row.id);
    story.failed.add(row.id);
    story.add(lateMs, { what: 'failed', id: row.id });
  }
}

/** People go and serve what is theirs: most of it, with the right slip. Some of what failed is served late after all, or prepared again. */
export async function serve(table: Table, ms: number, share: number): Promise<void> {
  const rows = (await look(table)).filter(({ byGateway, state }) => !byGateway && state === 'PREPARED');
  await table.each(rows, async (row) => {
    const story = table.byAccount.get(row.accountId)!;
    if (story.dice.chance(share)) await serveOne(table, story, row, ms);
  });
  await table.each(
    table.stories.filter(({ failed }) => failed.size > 0),
    (story) => mend(table, story, ms),
  );
  await look(table);
}

async function serveOne(table: Table, story: Story, row: Row, ms: number): Promise<void> {
  const { dice } = story;
  const accepted = proofsFor(row.step, story.prepaid);
  const wrong = dice.chance(0.06);
  const served = dice.chance(0.9);
  const proof = wrong ? 'PHOTO' : ((accepted.length > 0 ? dice.pick(accepted) : 'PHOTO') as ProofKind);
  const foreign = dice.chance(0.03);
  const backMs = dice.chance(0.2) ? Math.floor((ms - row.createdAt.getTime()) / 2) : 0;
  const whenMs = ms - backMs;
  const service = {
    noticeId: row.id,
    accountNumber: foreign ? table.stories[0]!.accountNumber : story.accountNumber,
    outcome: served ? ('SERVED' as const) : ('FAILED' as const),
    ...(served ? { proofKind: proof, proofReference: 'slip 1' } : {}),
    at: new Date(whenMs),
    note: 'exam',
    idempotencyKey: newKey(),
  };
  const done = await table.attempt(`notice ${service.outcome} by a person`, () =>
    serveNotice(table.ctx(ms), service, READER),
  );
  if (done instanceof UserError) return;
  if (row.contactId !== null && row.recipient === 'CUSTOMER')
    story.add(ms, { what: 'tried', contact: row.contactId, whenMs, outcome: served ? 'REACHED' : 'NOT_REACHED' });
  if (done.state === 'PREPARED') return;
  story.open.delete(row.id);
  if (done.state === 'SERVED') story.add(ms, { what: 'served', id: row.id, whenMs, proof });
  else {
    story.failed.add(row.id);
    story.add(ms, { what: 'failed', id: row.id });
  }
}

async function mend(table: Table, story: Story, ms: number): Promise<void> {
  const [id] = story.failed;
  if (!id || !story.dice.chance(0.5)) return;
  story.failed.delete(id);
  const renewal = { noticeId: id, note: 'exam', idempotencyKey: newKey() };
  await table.attempt('failed notice prepared again', () => renewNotice(table.ctx(ms), renewal, READER));
}
