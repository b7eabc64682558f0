import { GraphQLID } from 'graphql';
import { Arg, Resolver, Root, Subscription } from 'type-graphql';
import type { ApiContext } from '../context.js';
import { ApiError } from '../errors.js';
import { idOfType } from '../global-id.js';
import { numbered } from '../read/numbered.js';
import { installationNow } from '../read/supply.js';
import type { OperationsBoardType } from '../graph/types/operations.js';
import { OperationsBoardEventType, SupplyEventType, SwitchCommandEventType } from './event-types.js';
import { follow, type Change } from './follow.js';

const RESUME = {
  nullable: true,
  description:
    '`resumeToken` of the last event received before a connection was lost (续订令牌): goes on right after it. Absent: starts with how things are now.',
} as const;

/** Two events of the board are at least this far apart. */
const BOARD_LEAST_MS = 250;
/** Presence and quarantine change without an audit entry: the board is compared this often. */
const BOARD_IDLE_MS = 2_000;
const BOARD_ENTRIES = 100;

interface Subscribed<Args> {
  readonly args: Args & { readonly resumeAfter?: string | null };
  readonly context: ApiContext;
}

const notFound = (what: string): ApiError => new ApiError('NOT_FOUND', `There is no such ${what}. Look it up again.`);

/** Read only when the event's selection asks for it. */
async function present<Row>(found: Promise<Row | null>, what: string): Promise<Row> {
  const row = await found;
  if (row === null) throw notFound(what);
  return row;
}

async function commandEvents({
  args,
  context,
}: Subscribed<{ readonly id: string }>): Promise<AsyncIterableIterator<SwitchCommandEventType>> {
  const { scope } = context;
  const id = idOfType('SwitchCommand', args.id);
  if (!id || !(await scope.find('SwitchCommand', id))) throw notFound('switch command');
  return follow(context, args.resumeAfter, {
    subject: { kind: 'subject', id },
    keeping: { most: context.api.deps.limits.subscriptionBacklog.value, lossy: false },
    show: ({ leftOut: _none, ...change }) =>
      Promise.resolve({
        ...change,
        get switchCommand() {
          return present(scope.find('SwitchCommand', id), 'switch command');
        },
      }),
  });
}

async function supplyEvents({
  args,
  context,
}: Subscribed<{ readonly servicePointNumber: string }>): Promise<AsyncIterableIterator<SupplyEventType>> {
  const { scope, api } = context;
  const point = await numbered(scope, 'ServicePoint', args.servicePointNumber);
  if (!point) throw notFound('service point');
  const installation = await installationNow(scope, point.id);
  return follow(context, args.resumeAfter, {
    subject: { kind: 'service-point', id: point.id },
    keeping: { most: api.deps.limits.subscriptionBacklog.value, lossy: false },
    show: ({ leftOut: _none, ...change }) =>
      Promise.resolve({
        ...change,
        get servicePoint() {
          return present(scope.find('ServicePoint', point.id), 'service point');
        },
      }),
    alsoWatch: async (touch) => (installation ? api.meterWatch.watch(installation.meterId, touch) : () => undefined),
  });
}

async function boardEvents({
  args,
  context,
}: Subscribed<object>): Promise<AsyncIterableIterator<OperationsBoardEventType>> {
  const { scope, api } = context;
  const reach = await scope.reach();
  let shown = '';
  return follow(context, args.resumeAfter, {
    subject: { kind: 'everything' },
    keeping: { most: BOARD_ENTRIES, lossy: true },
    leastMs: BOARD_LEAST_MS,
    idleMs: BOARD_IDLE_MS,
    async show({ entries, leftOut, resumeToken }: Change) {
      const board = await api.board.read(reach, performance.now());
      const showing = essence(board);
      if (entries.length === 0 && showing === shown) return null;
      shown = showing;
      const newest = entries.slice(-BOARD_ENTRIES);
      return { resumeToken, entries: newest, entriesLeftOut: leftOut + entries.length - newest.length, board };
    },
  });
}

/** The board without what changes by time alone. */
const essence = ({ at: _at, oldestRestoreAgeSeconds: _age, ...rest }: OperationsBoardType): string =>
  JSON.stringify(rest);

/** Live changes, over WebSocket. */
@Resolver()
export class Subscriptions {
  @Subscription(() => SwitchCommandEventType, {
    subscribe: (data) => commandEvents(data as unknown as Subscribed<{ id: string }>),
    description: 'Follows one switch command (订阅指令): every move with its evidence, until it has ended and beyond.',
  })
  switchCommandChanged(
    @Root() event: SwitchCommandEventType,
    @Arg('id', () => GraphQLID, { description: 'Global id of the command (指令标识).' }) _id: string,
    @Arg('resumeAfter', () => String, RESUME) _resumeAfter: string | undefined,
  ): SwitchCommandEventType {
    return event;
  }

  @Subscription(() => SupplyEventType, {
    subscribe: (data) => supplyEvents(data as unknown as Subscribed<{ servicePointNumber: string }>),
    description:
      'Follows the supply of one service point (订阅供电状态): interruptions, commands, field work, and what the meter itself reports.',
  })
  supplyChanged(
    @Root() event: SupplyEventType,
    @Arg('servicePointNumber', () => String, { description: 'Number of the service point (用电点编号).' })
    _servicePointNumber: string,
    @Arg('resumeAfter', () => String, RESUME) _resumeAfter: string | undefined,
  ): SupplyEventType {
    return event;
  }

  @Subscription(() => OperationsBoardEventType, {
    subscribe: (data) => boardEvents(data as unknown as Subscribed<object>),
    description: 'Follows the operations board (订阅看板), as far as the viewer can see.',
  })
  operationsBoardChanged(
    @Root() event: OperationsBoardEventType,
    @Arg('resumeAfter', () => String, RESUME) _resumeAfter: string | undefined,
  ): OperationsBoardEventType {
    return event;
  }
}
