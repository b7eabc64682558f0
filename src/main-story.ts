import { randomUUID } from 'node:crypto';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { App } from './app.js';
import { bold, dim, green, print, red } from './main-terminal.js';

/** How long the story waits for a meter before it says that something is wrong. */
const STEP_TIMEOUT_MS = 20_000;
/** Days before today on which the notice of the story was served: inside the lawful three to seven. */
const NOTICE_DAYS_AGO = 4;
const DAY_MS = 24 * 3_600_000;

interface Move {
  readonly toState: string | null;
  readonly recordedWallAt: string;
  readonly detail: {
    readonly relay?: string;
    readonly powerW?: number;
    readonly loadVoltageMv?: number;
    readonly sequence?: number;
    readonly lastSequence?: string;
  };
}

interface Debtor {
  readonly accountNumber: string;
  /** With the late fees to today. */
  readonly amountDue: { readonly total: { readonly amount: string; readonly currency: string } };
  readonly servicePointNumber: string;
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
  const debtor = await findDebtor(app, teller);
  if (!debtor) return print('  Nobody in this district may be cut right now, and that is a fine ending too.');
  const { accountNumber, servicePointNumber } = debtor;
  const { total: due } = debtor.amountDue;
  teller.line(
    `Account ${accountNumber} owes ${due.amount} ${due.currency}, late fees included; a written notice was served ${NOTICE_DAYS_AGO} days ago.`,
  );

  const cut = await teller.ask<SwitchAnswer>('SUPERVISOR', REQUEST_CUT, {
    input: {
      idempotencyKey: randomUUID(),
      servicePointNumber,
      interruptionReason: 'ARREARS',
      noticeServedOn: noticeDay(app),
      noticeProof: 'signed slip 0001',
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
  teller.line('Another supervisor approves. It is judged once more, in the transaction that sends it.');
  const dark = await cutDone;
  teller.line(
    `${bold('The meter is off.')} ${dim(`relay ${dark.detail.relay}, ${dark.detail.powerW ?? 0} W, sequence ${dark.detail.lastSequence}: read after the command`)}`,
  );

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

/** The first account in arrears that really may be cut now, but for the approval. */
async function findDebtor(app: App, teller: Teller): Promise<Debtor | undefined> {
  const { accounts } = await teller.ask<AccountsAnswer>('HOTLINE', DEBTORS, {});
  for (const { node } of accounts.edges) {
    const servicePoint = node.servicePoints.edges[0]?.node;
    if (servicePoint?.meter?.reconnectMode !== 'DIRECT') continue;
    const { cutChecks } = await teller.ask<{ cutChecks: { blocking: { code: string }[] } }>('HOTLINE', CHECKS, {
      servicePointNumber: servicePoint.servicePointNumber,
      day: noticeDay(app),
    });
    if (cutChecks.blocking.every(({ code }) => code === 'APPROVED'))
      return { ...node, servicePointNumber: servicePoint.servicePointNumber };
  }
  return undefined;
}

const noticeDay = (app: App): string =>
  new Date(app.ctx.clock.now().getTime() - NOTICE_DAYS_AGO * DAY_MS).toLocaleDateString('sv-SE', {
    timeZone: app.ctx.timeZone,
  });

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
      readonly node: Omit<Debtor, 'servicePointNumber'> & {
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

const DEBTORS = `{ accounts(first: 50, filter: { standing: IN_ARREARS }) { edges { node { accountNumber amountDue { total { amount currency } } servicePoints(first: 1) { edges { node { servicePointNumber meter { reconnectMode } } } } } } } }`;
const CHECKS = `query ($servicePointNumber: String!, $day: Date) { cutChecks(servicePointNumber: $servicePointNumber, interruptionReason: ARREARS, noticeServedOn: $day) { blocking { code } } }`;
const REQUEST_CUT = `mutation ($input: RequestCutInput!) { change: requestCut(input: $input) { switchCommand { id } userErrors { code message } } }`;
const APPROVE = `mutation ($input: SwitchDecisionInput!) { change: approveSwitchCommand(input: $input) { switchCommand { id } userErrors { code message } } }`;
const WHY = `query ($accountNumber: String) { whyIsPowerOff(accountNumber: $accountNumber) { headline { en } amountToRestore { amount currency } } }`;
const PAY = `mutation ($input: RecordPaymentInput!) { change: recordPayment(input: $input) { restoreCommands { id } userErrors { code message } } }`;
const FOLLOW = `subscription ($id: ID!) { switchCommandChanged(id: $id) { switchCommand { state failureText history(first: 50) { edges { node { toState recordedWallAt detail } } } } } }`;

type Speaker = 'HOTLINE' | 'COUNTER' | 'SUPERVISOR' | 'APPROVER';

/** Speaks to the API as each of the story's people, and prints. */
class Teller {
  private readonly startedAt = performance.now();

  private constructor(
    private readonly url: string,
    private readonly tokens: Readonly<Record<Speaker, string>>,
    private readonly live: Client,
  ) {}

  static async open(app: App): Promise<Teller> {
    const issue = app.api!.issueToken!;
    const tokens = {
      HOTLINE: await issue({ subject: 'story-hotline', role: 'HOTLINE' }),
      COUNTER: await issue({ subject: 'story-counter', role: 'COUNTER' }),
      SUPERVISOR: await issue({ subject: 'story-clerk', role: 'SUPERVISOR' }),
      APPROVER: await issue({ subject: 'story-supervisor', role: 'SUPERVISOR' }),
    };
    const url = `${app.api!.url}/graphql`;
    const live = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      lazy: true,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${tokens.HOTLINE}` },
    });
    return new Teller(url, tokens, live);
  }

  async close(): Promise<void> {
    await this.live.dispose();
  }

  line(text: string): void {
    print(`  ${dim(`${((performance.now() - this.startedAt) / 1000).toFixed(3).padStart(7)} s`)}  ${text}`);
  }

  async ask<Answer>(as: Speaker, query: string, variables: object): Promise<Answer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.tokens[as]}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Answer; errors?: { message: string }[] };
    if (!data || errors)
      throw new Error(errors?.map(({ message }) => message).join('; ') ?? `the API answered ${response.status}`);
    return data;
  }

  /** Follows a command until the meter has proven it; returns the proving move. */
  follow(id: string): Promise<Move> {
    return new Promise((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error('the meter gave no proof in time; look at the command in GraphiQL')),
        STEP_TIMEOUT_MS,
      );
      const unsubscribe = this.live.subscribe<{
        switchCommandChanged: {
          switchCommand: { state: string; failureText: string | null; history: { edges: { node: Move }[] } };
        };
      }>(
        { query: FOLLOW, variables: { id } },
        {
          next: ({ data, errors }) => {
            const command = data?.switchCommandChanged.switchCommand;
            if (!command) return fail(new Error(errors?.[0]?.message ?? 'the subscription ended'));
            const proof = command.history.edges.map(({ node }) => node).find(({ toState }) => toState === 'VERIFIED');
            if (!proof && !command.failureText) return;
            clearTimeout(timer);
            unsubscribe();
            if (proof) done(proof);
            else fail(new Error(command.failureText!));
          },
          error: (error) => fail(error instanceof Error ? error : new Error(JSON.stringify(error))),
          complete: () => undefined,
        },
      );
    });
  }
}
