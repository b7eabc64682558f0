import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import type { Account } from '../../../accounts/account.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { Payment } from '../../../billing/payment.js';
import type { AuditEntryRow } from '../../../platform/audit-entry.js';
import type { WorkOrder } from '../../../service/work-order.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { parseGlobalId } from '../../global-id.js';
import { LISTS } from '../../read/catalog.js';
import type { FilterValues } from '../../read/lists.js';
import { numbered } from '../../read/numbered.js';
import type { Reach } from '../../read/reach.js';
import { today } from '../../read/today.js';
import {
  AccountConnection,
  AuditEntryConnection,
  PaymentConnection,
  QuarantinedMessageConnection,
  SwitchCommandConnection,
  TransformerDistrictConnection,
  WorkOrderConnection,
} from '../connections.js';
import { PageArgs, type Page } from '../relay.js';
import { AccountFilter, AuditEntryFilter, SwitchCommandFilter, WorkOrderFilter } from './inputs.js';
import type { QuarantinedMessageType } from '../types/operations.js';
import { isGiven } from '../../given.js';

const FILTER = {
  nullable: true,
  description: 'Narrows the list (筛选); absent: everything the viewer can see.',
} as const;

const NOTHING: Page<never> = {
  edges: [],
  pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
};

/** The conditions that keep a bounded viewer to the rows within reach. A reach that fits no condition sees nothing. */
function reachFilters(reach: Reach): FilterValues {
  if (reach.kind === 'ALL') return {};
  if (reach.kind === 'DISTRICTS') return { reachDistricts: reach.districtIds };
  return { reachAccounts: reach.kind === 'ACCOUNTS' ? reach.accountIds : [] };
}

/** The lists at the root. */
@Resolver()
export class ListQueries {
  @Query(() => AccountConnection, { description: 'Accounts (户号列表), by number.' })
  async accounts(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => AccountFilter, FILTER) filter: AccountFilter | undefined,
    @Ctx() ctx: ApiContext,
  ): Promise<Page<Account>> {
    const { districtCode, standing, dueSupply, reportedSupply } = filter ?? {};
    const district = !isGiven(districtCode) ? null : await numbered(ctx.scope, 'TransformerDistrict', districtCode);
    if (isGiven(districtCode) && !district) return NOTHING;
    return ctx.scope.page(LISTS.accounts, null, page, {
      district: district?.id,
      inArrears: standing === 'IN_ARREARS' ? today(ctx) : undefined,
      clear: standing === 'CLEAR' ? today(ctx) : undefined,
      supplyOff: !isGiven(dueSupply) ? undefined : dueSupply === 'OFF',
      reported: reportedSupply,
      ...reachFilters(await ctx.scope.reach()),
    });
  }

  @Query(() => TransformerDistrictConnection, { description: 'Transformer districts (台区列表), by code.' })
  async transformerDistricts(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<TransformerDistrict>> {
    const reach = await scope.reach();
    const districtIds = reach.kind === 'ACCOUNTS' || reach.kind === 'DISTRICTS' ? reach.districtIds : [];
    return scope.page(LISTS.districts, null, page, reach.kind === 'ALL' ? {} : { reachDistricts: districtIds });
  }

  @Query(() => SwitchCommandConnection, { description: 'Switch commands (停复电指令列表), newest first.' })
  async switchCommands(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => SwitchCommandFilter, FILTER) filter: SwitchCommandFilter | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<SwitchCommand>> {
    const { states, operation, servicePointNumber, accountNumber } = filter ?? {};
    const point = !isGiven(servicePointNumber) ? null : await numbered(scope, 'ServicePoint', servicePointNumber);
    const account = !isGiven(accountNumber) ? null : await numbered(scope, 'Account', accountNumber);
    if ((isGiven(servicePointNumber) && !point) || (isGiven(accountNumber) && !account)) return NOTHING;
    const reach = reachFilters(await scope.reach());
    return scope.page(LISTS.switchCommands, null, page, {
      states,
      operation,
      servicePoint: point?.id,
      account: account?.id,
      ...reach,
    });
  }

  @Query(() => WorkOrderConnection, { description: 'Field work (工单列表), earliest deadline first.' })
  async workOrders(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => WorkOrderFilter, FILTER) filter: WorkOrderFilter | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<WorkOrder>> {
    const { state, kind, servicePointNumber } = filter ?? {};
    const point = !isGiven(servicePointNumber) ? null : await numbered(scope, 'ServicePoint', servicePointNumber);
    if (isGiven(servicePointNumber) && !point) return NOTHING;
    return scope.page(LISTS.workOrders, null, page, {
      state,
      kind,
      servicePoint: point?.id,
      ...reachFilters(await scope.reach()),
    });
  }

  @Query(() => PaymentConnection, { description: 'Money whose account is not known yet (待核销款项), oldest first.' })
  suspensePayments(@Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext): Promise<Page<Payment>> {
    return scope.page(LISTS.suspensePayments, null, page, { state: 'SUSPENSE' });
  }

  @Query(() => QuarantinedMessageConnection, {
    description: 'MQTT messages that could not be used (隔离报文), newest first.',
  })
  async quarantine(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('code', () => String, { nullable: true, description: 'Only messages refused for this reason (代码).' })
    code: string | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<QuarantinedMessageType>> {
    if (isGiven(code) && !/^[A-Z0-9_]{1,64}$/.test(code)) return NOTHING;
    const { edges, pageInfo } = await scope.page(LISTS.quarantine, null, page, { code });
    return {
      pageInfo,
      edges: edges.map(({ cursor, node: { payload, ...row } }) => ({
        cursor,
        node: { ...row, payloadBase64: payload.toString('base64') },
      })),
    };
  }

  @Query(() => AuditEntryConnection, { description: 'What happened (审计记录), newest first.' })
  async auditEntries(
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => AuditEntryFilter, FILTER) filter: AuditEntryFilter | undefined,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<AuditEntryRow>> {
    const { subjectId, servicePointNumber } = filter ?? {};
    const point = !isGiven(servicePointNumber) ? null : await numbered(scope, 'ServicePoint', servicePointNumber);
    const subject = !isGiven(subjectId) ? null : parseGlobalId(subjectId);
    const names = (subject?.id ?? '').includes('-');
    if ((isGiven(servicePointNumber) && !point) || (isGiven(subjectId) && !names)) return NOTHING;
    return scope.page(LISTS.auditEntries, null, page, {
      subject: subject?.id,
      servicePoint: point?.id,
      ...reachFilters(await scope.reach()),
    });
  }
}
