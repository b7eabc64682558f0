import { GraphQLID } from 'graphql';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { Account, ServicePoint } from '../../../accounts/account.js';
import type { Customer } from '../../../accounts/customer.js';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { Bill } from '../../../billing/bill.js';
import type { Payment } from '../../../billing/payment.js';
import type { Gateway, Meter } from '../../../metering/meter.js';
import type { WorkOrder } from '../../../service/work-order.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { idOfType, parseGlobalId } from '../../global-id.js';
import { bitsFor } from '../../permissions.js';
import { numbered } from '../../read/numbered.js';
import { isNodeName } from '../../read/rows.js';
import { asNode, NodeType } from '../relay.js';
import { AccountType, CustomerType, ServicePointType, TransformerDistrictType } from '../types/accounts.js';
import { BillType, PaymentType } from '../types/billing.js';
import { GatewayType, MeterType } from '../types/metering.js';
import { ViewerType } from '../types/operations.js';
import { SwitchCommandType, WorkOrderType } from '../types/switching.js';
import type { Viewer } from '../../auth/viewer.js';

const ID_ARG = { description: 'Global id (全局标识).' };

/** Questions for one object. Null means that there is none, or none the viewer may see: the two look the same. */
@Resolver()
export class LookupQueries {
  @Query(() => ViewerType, { description: 'Who is calling (当前用户).' })
  viewer(@Ctx() { viewer }: ApiContext): Viewer {
    return viewer;
  }

  @Query(() => NodeType, { nullable: true, description: 'The object with this global id (按全局标识查询).' })
  async node(
    @Arg('id', () => GraphQLID, ID_ARG) id: string,
    @Ctx() { scope, viewer }: ApiContext,
  ): Promise<object | null> {
    const parsed = parseGlobalId(id);
    if (!parsed || !isNodeName(parsed.type) || (bitsFor(`${parsed.type}.id`) & viewer.bits) === 0) return null;
    const hasNumber = parsed.type === 'AuditEntry' || parsed.type === 'LedgerEntry';
    if (hasNumber !== /^[0-9]+$/.test(parsed.id)) return null;
    const row = await scope.find(parsed.type, parsed.id);
    return row && asNode(parsed.type, row);
  }

  @Query(() => AccountType, { nullable: true, description: 'The account with this number (按户号查询).' })
  account(
    @Arg('accountNumber', () => String, { description: 'Number of the account (户号).' }) accountNumber: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Account | null> {
    return numbered(ctx.scope, 'Account', accountNumber);
  }

  @Query(() => CustomerType, { nullable: true, description: 'A customer (客户).' })
  async customer(
    @Arg('id', () => GraphQLID, ID_ARG) id: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<Customer | null> {
    return scope.find('Customer', idOfType('Customer', id));
  }

  @Query(() => ServicePointType, {
    nullable: true,
    description: 'The service point with this number (按用电点编号查询).',
  })
  servicePoint(
    @Arg('servicePointNumber', () => String, { description: 'Number of the service point (用电点编号).' })
    servicePointNumber: string,
    @Ctx() ctx: ApiContext,
  ): Promise<ServicePoint | null> {
    return numbered(ctx.scope, 'ServicePoint', servicePointNumber);
  }

  @Query(() => MeterType, { nullable: true, description: 'The meter with this number (按表号查询).' })
  meter(
    @Arg('serial', () => String, { description: 'Number on the meter (表号).' }) serial: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Meter | null> {
    return numbered(ctx.scope, 'Meter', serial);
  }

  @Query(() => GatewayType, { nullable: true, description: 'The gateway with this number (按网关编号查询).' })
  gateway(
    @Arg('gatewayNumber', () => String, { description: 'Number of the gateway (网关编号).' }) gatewayNumber: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Gateway | null> {
    return numbered(ctx.scope, 'Gateway', gatewayNumber);
  }

  @Query(() => TransformerDistrictType, {
    nullable: true,
    description: 'The transformer district with this code (按台区编号查询).',
  })
  transformerDistrict(
    @Arg('code', () => String, { description: 'Code of the district (台区编号).' }) code: string,
    @Ctx() ctx: ApiContext,
  ): Promise<TransformerDistrict | null> {
    return numbered(ctx.scope, 'TransformerDistrict', code);
  }

  @Query(() => BillType, { nullable: true, description: 'A bill (账单).' })
  async bill(@Arg('id', () => GraphQLID, ID_ARG) id: string, @Ctx() { scope }: ApiContext): Promise<Bill | null> {
    return scope.find('Bill', idOfType('Bill', id));
  }

  @Query(() => PaymentType, { nullable: true, description: 'A payment (缴费).' })
  async payment(@Arg('id', () => GraphQLID, ID_ARG) id: string, @Ctx() { scope }: ApiContext): Promise<Payment | null> {
    return scope.find('Payment', idOfType('Payment', id));
  }

  @Query(() => SwitchCommandType, { nullable: true, description: 'A switch command (停复电指令).' })
  async switchCommand(
    @Arg('id', () => GraphQLID, ID_ARG) id: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<SwitchCommand | null> {
    return scope.find('SwitchCommand', idOfType('SwitchCommand', id));
  }

  @Query(() => WorkOrderType, { nullable: true, description: 'A work order (工单).' })
  async workOrder(
    @Arg('id', () => GraphQLID, ID_ARG) id: string,
    @Ctx() { scope }: ApiContext,
  ): Promise<WorkOrder | null> {
    return scope.find('WorkOrder', idOfType('WorkOrder', id));
  }
}
