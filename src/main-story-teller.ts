import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { App } from './app.js';
import { dim, print } from './main-terminal.js';

/** How long the story waits for a meter before it says that something is wrong. */
const STEP_TIMEOUT_MS = 20_000;
/** How often the story looks whether the last call has arrived, ms. */
const LOOK_MS = 200;

/** A move of a command, as its history tells it. */
export interface Move {
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

/** The last word before the cut, as the customer got it. */
interface LastCall {
  readonly purpose: string;
  readonly state: string;
  readonly channel: string;
  readonly announcedCutAt: string | null;
}

const LAST_CALL = `query ($accountNumber: String!) { account(accountNumber: $accountNumber) { notices(first: 20) { edges { node { purpose state channel announcedCutAt } } } } }`;
const FOLLOW = `subscription ($id: ID!) { switchCommandChanged(id: $id) { switchCommand { state failureText history(first: 50) { edges { node { toState recordedWallAt detail } } } } } }`;

type Speaker = 'HOTLINE' | 'COUNTER' | 'SUPERVISOR' | 'APPROVER' | 'TESTER';

/** Speaks to the API as each of the story's people, and prints. */
export class Teller {
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
      TESTER: await issue({ subject: 'story-tester', role: 'TESTER' }),
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

  /** Waits until the customer has been told a last time. */
  async lastCall(accountNumber: string): Promise<{ readonly channel: string; readonly announcedCutAt: Date }> {
    for (const endsAt = performance.now() + STEP_TIMEOUT_MS; performance.now() < endsAt;) {
      const { account } = await this.ask<{ account: { notices: { edges: { node: LastCall }[] } } }>(
        'HOTLINE',
        LAST_CALL,
        { accountNumber },
      );
      const call = account.notices.edges
        .map(({ node }) => node)
        .find(({ purpose, state }) => purpose === 'LAST_CALL' && state === 'SERVED');
      if (call) return { channel: call.channel, announcedCutAt: new Date(call.announcedCutAt!) };
      await new Promise((resume) => setTimeout(resume, LOOK_MS));
    }
    throw new Error('the last call was not delivered in time; look at the notices of the account in GraphiQL');
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
