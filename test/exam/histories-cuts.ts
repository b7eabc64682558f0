/** Cuts: asked for by people, proposed by the system, approved, quarantined, released, sent; each that goes out is judged at once. */
import { abortBatch, approveBatch, pauseBatch, resumeBatch } from '../../src/flows/decide-batch.js';
import { approveSwitchCommand, cancelSwitchCommand, releaseQuarantinedCut } from '../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { proposeCuts } from '../../src/flows/propose-cuts.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { runBatches } from '../../src/flows/run-batches.js';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { UserError } from '../../src/platform/errors.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import { newKey } from '../flow/support/houses.js';
import { person } from '../support/test-relight.js';
import { objections, type Question } from './histories-oracle.js';
import { clock, dateOf, dayAt, type Story } from './histories-story.js';
import type { Table } from './histories-table.js';

/** What is decided at the last moment; before it, nobody asks. */
export const LATER = [
  'KILL_SWITCH',
  'LAST_CALL',
  'APPROVED',
  'TWO_PERSONS',
  'ALLOWED_DAY',
  'ALLOWED_HOUR',
  'PAYMENT_WINDOW',
];
const ASKERS = ['exam-asker-1', 'exam-asker-2'];
const APPROVERS = ['exam-boss-1', 'exam-boss-2', 'exam-boss-3'];
const decision = () => ({ idempotencyKey: newKey(), note: 'exam' });

interface CommandRow {
  readonly id: string;
  readonly accountId: string;
  readonly requestedBy: string;
  readonly state: string;
}

const commandsIn = async (
  table: Table,
  state: string,
  more = '',
  values: readonly unknown[] = [],
): Promise<(CommandRow & { story: Story })[]> => {
  const rows = await table.sql<CommandRow>(
    `SELECT id, account_id AS "accountId", requested_by AS "requestedBy", state FROM switch_command
     WHERE operation = 'CUT' AND state = $1 ${more} ORDER BY id`,
    [state, ...values],
  );
  return rows.flatMap((row) => {
    const story = table.byAccount.get(row.accountId);
    return story ? [{ ...row, story }] : [];
  });
};

/** People ask for cuts: mostly where it looks right, sometimes where it does not. */
export async function askForCuts(table: Table, ms: number, zeal: number): Promise<void> {
  await table.each(table.stories, async (story) => {
    const open = objections(story, table.town, ms, questionAbout(story, null));
    const promising = [...open].every((code) => LATER.includes(code));
    if (!story.dice.chance(promising ? zeal : 0.03)) return;
    const by = story.dice.pick(ASKERS);
    const request = {
      servicePointId: story.servicePointId,
      reason: story.prepaid ? ('PREPAID_EXHAUSTED' as const) : ('ARREARS' as const),
      ...decision(),
    };
    const done = await table.attempt('cut asked for', () => requestCut(table.ctx(ms), request, person(by)));
    if (done instanceof UserError) return;
    const { installationId: installation } = story;
    story.add(ms, { what: 'ordered', command: done.commandId, by, installation, batch: null, size: 1 });
  });
}

/** The system proposes the cuts of a district; the batch is approved, mostly by those who may. */
export async function propose(table: Table, ms: number): Promise<void> {
  const districtId = table.dice.pick(table.districts);
  const by = { kind: 'SYSTEM', id: 'propose-cuts' } as const;
  const wanted = { districtId, plannedFor: dateOf(dayAt(ms)), note: 'exam' };
  const { batchId } = await proposeCuts(table.ctx(ms), wanted, by);
  table.count(batchId ? 'batch proposed' : 'nobody proposed');
  if (!batchId) return;
  const rows = await table.sql<{ id: string; accountId: string; installation: string; size: number }>(
    `SELECT c.id, c.account_id AS "accountId", c.installation_id AS installation, b.size FROM switch_command c JOIN cut_batch b ON b.id = c.batch_id WHERE b.id = $1`,
    [batchId],
  );
  for (const { id, accountId, installation, size } of rows)
    table.byAccount
      .get(accountId)!
      .add(ms, { what: 'ordered', command: id, by: by.id, installation, batch: batchId, size });
  for (let n = table.dice.below(3); n >= 0; n -= 1) {
    const approver = table.dice.pick(APPROVERS);
    const role = table.dice.chance(0.15) ? 'OPERATIONS' : 'SUPERVISOR';
    const done = await table.attempt('batch approved', () =>
      approveBatch(table.ctx(ms), { batchId, role, ...decision() }, person(approver)),
    );
    if (done instanceof UserError) continue;
    for (const { id, accountId } of rows)
      table.byAccount.get(accountId)!.add(ms, { what: 'approved', command: id, by: approver, role });
  }
}

/** Batches take their next step; now and then one is held, let go on, or given up. */
export async function runTheBatches(table: Table, ms: number): Promise<void> {
  await runBatches(table.ctx(ms), new Date(ms));
  const acts = [
    ['RUNNING', 0.15, 'batch paused', pauseBatch],
    ['PAUSED', 0.6, 'batch resumed', resumeBatch],
    ['RUNNING', 0.05, 'batch aborted', abortBatch],
  ] as const;
  for (const [state, chance, what, act] of acts)
    for (const { id: batchId } of await table.sql<{ id: string }>(
      'SELECT id FROM cut_batch WHERE state = $1 ORDER BY id',
      [state],
    ))
      if (table.dice.chance(chance))
        await table.attempt(what, () => act(table.ctx(ms), { batchId, ...decision() }, person(APPROVERS[0]!)));
}

/** Somebody decides on what waits: the right person, the wrong one, the one who asked; what is in quarantine, a third. */
export async function decide(table: Table, ms: number): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const waiting = await commandsIn(table, 'PENDING_APPROVAL', 'AND batch_id IS NULL');
    await table.each(waiting, async ({ id: commandId, requestedBy, story }) => {
      const { dice } = story;
      if (round > 0 && dice.chance(0.3)) return;
      if (dice.chance(0.03))
        return void (await table.attempt('cut cancelled by a person', () =>
          cancelSwitchCommand(table.ctx(ms), { commandId, ...decision() }, person('exam-clerk')),
        ));
      const by = dice.chance(0.1) ? requestedBy : dice.pick(APPROVERS);
      const role = dice.chance(0.1) ? 'OPERATIONS' : 'SUPERVISOR';
      const done = await table.attempt('cut approved', () =>
        approveSwitchCommand(table.ctx(ms), { commandId, role, ...decision() }, person(by)),
      );
      if (!(done instanceof UserError)) story.add(ms, { what: 'approved', command: commandId, by, role });
    });
  }
  // An approval that left its cut waiting was one too few, or one that does not count.
  for (const { id, story } of await commandsIn(table, 'PENDING_APPROVAL', 'AND batch_id IS NULL')) {
    const open = objections(story, table.town, ms, questionAbout(story, id));
    for (const code of ['APPROVED', 'TWO_PERSONS']) if (open.has(code)) table.block(code);
  }
  const kept = await commandsIn(table, 'QUARANTINED');
  await table.each(kept, async ({ id: commandId, story, requestedBy }) => {
    const by = person(story.dice.chance(0.2) ? requestedBy : 'exam-third');
    const act = story.dice.chance(0.8) ? releaseQuarantinedCut : cancelSwitchCommand;
    const what = act === releaseQuarantinedCut ? 'quarantined cut released' : 'quarantined cut deleted';
    await table.attempt(what, () => act(table.ctx(ms), { commandId, ...decision() }, by));
  });
}

/** The question about a command of this account, as its history has it; without one, about a cut that everybody has approved. */
export function questionAbout(story: Story, command: string | null): Question {
  const order = story.all('ordered').find((one) => one.command === command);
  if (!order) {
    const approvals = APPROVERS.map((by) => ({ by, role: 'SUPERVISOR' }));
    return { installation: story.installationId, by: ASKERS[0]!, approvals, size: 1 };
  }
  const approvals = story.all('approved').filter((one) => one.command === command);
  return { installation: order.installation, by: order.by, approvals, size: order.size };
}

/** Sends what is queued. Returns, in words, every cut that should not have gone. */
export async function dispatch(table: Table, ms: number): Promise<string[]> {
  const faults: string[] = [];
  const due = await commandsIn(table, 'QUEUED', 'AND not_before <= $2', [new Date(ms)]);
  if (table.town.stopped && due.length > 0) table.block('KILL_SWITCH', due.length);
  await dispatchCuts(table.ctx(ms), (order) => {
    const story = table.storyOf(order)!;
    const open = objections(story, table.town, ms, questionAbout(story, order.commandId));
    story.add(ms, { what: 'cut', command: order.commandId });
    table.count(story.prepaid ? 'cut sent, prepaid' : 'cut sent, postpaid');
    if (open.size > 0)
      faults.push(`cut at ${clock(ms)} although ${[...open].join(', ')}: command ${order.commandId}\n${story.tell()}`);
    table.sent.push({ order, story });
    return Promise.resolve();
  });
  const held = (await commandsIn(table, 'QUEUED')).length;
  if (held > 0) table.count('cut left in the queue', held);
  return faults;
}

/** Restores go out, and their meters close. */
export async function restore(table: Table, ms: number): Promise<void> {
  const sent = (await dispatchRestores(table.ctx(ms))).flatMap((order) => {
    const story = table.storyOf(order);
    return story ? [{ order, story }] : [];
  });
  if (sent.length === 0) return;
  await takeUplink(
    table.ctx(ms),
    sent.map(({ order, story }) => reportOf(order, story, ms)),
  );
  for (const { story } of sent) story.add(ms, { what: 'powered' });
  table.count('power restored', sent.length);
}

/** Meters do what the orders sent to them say; unless `all`, some are silent for a while. */
export async function obey(table: Table, ms: number, all: boolean): Promise<void> {
  const heard = table.sent.filter(({ story }) => all || story.dice.chance(0.85));
  table.sent = table.sent.filter((one) => !heard.includes(one));
  // A meter that was exchanged meanwhile says nothing any more.
  const current = heard.filter(({ order, story }) => order.serial === story.serial);
  if (current.length === 0) return;
  await takeUplink(
    table.ctx(ms),
    current.map(({ order, story }) => reportOf(order, story, ms)),
  );
  const proven = await table.sql<{ id: string }>(
    `SELECT id FROM switch_command WHERE id = ANY($1::uuid[]) AND state = 'VERIFIED'`,
    [current.map(({ order }) => order.commandId)],
  );
  for (const { order, story } of current)
    if (proven.some(({ id }) => id === order.commandId)) story.add(ms, { what: 'proven', command: order.commandId });
}

const reportOf = (order: SwitchOrder, story: Story, ms: number): Parameters<typeof takeUplink>[1][number] => ({
  kind: 'REPORT',
  report: {
    meterId: story.meterId,
    kind: 'ACK',
    commandId: order.commandId,
    result: 'ACCEPTED',
    relay: order.operation === 'CUT' ? 'OPEN' : 'CLOSED',
    armed: false,
    protected: false,
    lastSequence: order.sequence,
    meterAt: new Date(ms),
  },
});

export async function stop(table: Table, ms: number, engaged: boolean): Promise<void> {
  await setKillSwitch(table.ctx(ms), { engaged, ...decision() }, person('exam-clerk'));
  table.count(engaged ? 'kill switch engaged' : 'kill switch released');
  table.town.stopped = engaged;
}
