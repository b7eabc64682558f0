import { randomUUID } from 'node:crypto';
import type { App } from './app.js';
import { localTime } from './platform/local-date.js';
import { Teller } from './main-story-teller.js';
import { bold, dim, green, print, red } from './main-terminal.js';

/** From the last call to the hour it announces, and one minute: what the story lets pass. */
const MINUTE_MS = 60_000;

interface Debtor {
  readonly accountNumber: string;
  /** With the late fees to today. */
  readonly amountDue: { readonly total: { readonly amount: string; readonly currency: string } };
  readonly servicePointNumber: string;
  /** Notices that were served, oldest first. */
  readonly served: readonly Served[];
}

/**
 * Plays the main job once through the public API, as a clerk, a supervisor and a customer would: cut, pay, light. Each line has the time
 * since the story began and the evidence. A failure is told and does not stop the product.
 */
export async function playStory(app: App): Promise<void> {
  const teller = await Teller.open(app);
  try {
    await tell(app, teller);
  } catch (error) {
    print(red(`  The story broke off: ${(error as Error).message}`));
  } finally {
    await teller.close();
    print();
  }
}

async function tell(app: App, teller: Teller): Promise<void> {
  print(bold('  The story, played once: a customer in arrears is cut, pays, and the lights come back.'));
  print();
  const debtor = await findDebtor(teller);
  if (!debtor) return print('  Nobody in this district may be cut right now, and that is a fine ending too.');
  await tellTheCut(app, teller, debtor);
  await tellThePayment(teller, debtor);
}

async function tellTheCut(app: App, teller: Teller, debtor: Debtor): Promise<void> {
  const { accountNumber, servicePointNumber } = debtor;
  const { total: due } = debtor.amountDue;
  teller.line(
    `Account ${accountNumber} owes ${due.amount} ${due.currency}, late fees included. ${debtor.served.length} notices were served since January; the last on ${debtor.served.at(-1)!.servedAt.slice(0, 10)}, with ${debtor.served.at(-1)!.proofKind?.toLowerCase()}.`,
  );

  const cut = await teller.ask<SwitchAnswer>('SUPERVISOR', REQUEST_CUT, {
    input: {
      idempotencyKey: randomUUID(),
      servicePointNumber,
      interruptionReason: 'ARREARS',
      reason: 'unpaid for more than 30 days',
    },
  });
  const cutId = succeeded(cut.change).switchCommand!.id;
  teller.line('One supervisor asks for the cut. Every check is on record; it waits for a second person.');
  const cutDone = teller.follow(cutId);
  succeeded(
    (
      await teller.ask<SwitchAnswer>('APPROVER', APPROVE, {
        input: { idempotencyKey: randomUUID(), switchCommandId: cutId, reason: 'checked' },
      })
    ).change,
  );
  const call = await teller.lastCall(accountNumber);
  teller.line(
    `Another supervisor approves. The customer is told once more: power goes off at ${localTime(call.announcedCutAt, app.ctx.timeZone).slice(0, 5)}. ${dim(`${call.channel}, delivered`)}`,
  );
  const waitMs = call.announcedCutAt.getTime() - app.ctx.clock.now().getTime() + MINUTE_MS;
  succeeded(
    (
      await teller.ask<{ change: Change }>('TESTER', SET_CLOCK, {
        input: { advanceSeconds: Math.ceil(waitMs / 1_000), reason: 'the story goes on' },
      })
    ).change,
  );
  teller.line(
    `${Math.round(waitMs / MINUTE_MS)} minutes pass. Nobody has paid: the cut is judged once more, signed by the guard, and sent.`,
  );
  const dark = await cutDone;
  teller.line(
    `${bold('The meter is off.')} ${dim(`relay ${dark.detail.relay}, ${dark.detail.powerW ?? 0} W, sequence ${dark.detail.lastSequence}: read after the command`)}`,
  );
}

async function tellThePayment(teller: Teller, { accountNumber }: Debtor): Promise<void> {
  const [why] = (
    await teller.ask<{
      whyIsPowerOff: { headline: { en: string }; amountToRestore: { amount: string; currency: string } }[];
    }>('HOTLINE', WHY, { accountNumber })
  ).whyIsPowerOff;
  teller.line(`The customer calls 95598: "${why!.headline.en}"`);

  const paidAt = performance.now();
  const paid = await teller.ask<PaymentAnswer>('COUNTER', PAY, {
    input: { idempotencyKey: randomUUID(), accountNumber, amount: why!.amountToRestore, channel: 'MOBILE_APP' },
  });
  const acknowledgedAt = performance.now();
  const [restore] = succeeded(paid.change).restoreCommands;
  teller.line(
    `The customer pays the overdue ${why!.amountToRestore.amount} ${why!.amountToRestore.currency}. ${dim(`booked in ${(acknowledgedAt - paidAt).toFixed(0)} ms; the same transaction ordered the restore`)}`,
  );
  if (!restore) throw new Error('the payment ordered no restore');
  const light = await teller.follow(restore.id);
  const litAt = performance.now();
  teller.line(
    `${green(bold('The lights are on.'))} ${dim(`relay ${light.detail.relay}, ${((light.detail.loadVoltageMv ?? 0) / 1000).toFixed(0)} V behind it, sequence ${light.detail.lastSequence}`)}`,
  );
  print();
  print(
    `  From the customer's payment to proven light: ${bold(`${(litAt - paidAt).toFixed(0)} ms`)}, ${(litAt - acknowledgedAt).toFixed(0)} ms of them after the receipt. Ask for it: { whyIsPowerOff(accountNumber: "${accountNumber}") { headline { en zh } } }`,
  );
}

/** The first account in arrears that really may be cut now, but for what people still have to do. */
async function findDebtor(teller: Teller): Promise<Debtor | undefined> {
  const { accounts } = await teller.ask<AccountsAnswer>('HOTLINE', DEBTORS, {});
  for (const { node } of accounts.edges) {
    const servicePoint = node.servicePoints.edges[0]?.node;
    if (servicePoint?.meter?.reconnectMode !== 'DIRECT') continue;
    const { canDisconnect } = await teller.ask<DecisionAnswer>('HOTLINE', CHECKS, {
      accountNumber: node.accountNumber,
    });
    const left = canDisconnect.flatMap(({ blocking }) => blocking.map(({ code }) => code));
    if (!left.every((code) => ['APPROVED', 'TWO_PERSONS', 'LAST_CALL'].includes(code))) continue;
    const served = node.notices.edges.flatMap(({ node: { servedAt, proofKind } }): Served[] =>
      servedAt === null ? [] : [{ servedAt, proofKind }],
    );
    return { ...node, servicePointNumber: servicePoint.servicePointNumber, served: served.toReversed() };
  }
  return undefined;
}

interface DecisionAnswer {
  readonly canDisconnect: readonly { readonly blocking: readonly { readonly code: string }[] }[];
}
interface Served {
  readonly servedAt: string;
  readonly proofKind: string | null;
}
interface NoticeAnswer {
  readonly servedAt: string | null;
  readonly proofKind: string | null;
}
interface Change {
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}
interface SwitchAnswer {
  readonly change: Change & { readonly switchCommand: { readonly id: string } | null };
}
interface PaymentAnswer {
  readonly change: Change & { readonly restoreCommands: readonly { readonly id: string }[] };
}
interface AccountsAnswer {
  readonly accounts: {
    readonly edges: readonly {
      readonly node: Omit<Debtor, 'servicePointNumber' | 'served'> & {
        readonly notices: { readonly edges: readonly { readonly node: NoticeAnswer }[] };
        readonly servicePoints: {
          readonly edges: readonly {
            readonly node: {
              readonly servicePointNumber: string;
              readonly meter: { readonly reconnectMode: string } | null;
            };
          }[];
        };
      };
    }[];
  };
}

function succeeded<C extends Change>(change: C): C {
  if (change.userErrors.length > 0)
    throw new Error(change.userErrors.map(({ code, message }) => `${code}: ${message}`).join('; '));
  return change;
}

const DEBTORS = `{ accounts(first: 50, filter: { standing: IN_ARREARS }) { edges { node { accountNumber amountDue { total { amount currency } } notices(first: 20) { edges { node { servedAt proofKind } } } servicePoints(first: 1) { edges { node { servicePointNumber meter { reconnectMode } } } } } } } }`;
const CHECKS = `query ($accountNumber: String!) { canDisconnect(accountNumber: $accountNumber) { blocking { code } } }`;
const SET_CLOCK = `mutation ($input: SetClockInput!) { change: setClock(input: $input) { userErrors { code message } } }`;
const REQUEST_CUT = `mutation ($input: RequestCutInput!) { change: requestCut(input: $input) { switchCommand { id } userErrors { code message } } }`;
const APPROVE = `mutation ($input: SwitchDecisionInput!) { change: approveSwitchCommand(input: $input) { switchCommand { id } userErrors { code message } } }`;
const WHY = `query ($accountNumber: String) { whyIsPowerOff(accountNumber: $accountNumber) { headline { en } amountToRestore { amount currency } } }`;
const PAY = `mutation ($input: RecordPaymentInput!) { change: recordPayment(input: $input) { restoreCommands { id } userErrors { code message } } }`;
