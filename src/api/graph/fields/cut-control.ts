import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { TransformerDistrict } from '../../../accounts/transformer-district.js';
import type { CutApproval, CutBatch } from '../../../dunning/cut-batch.js';
import type { SwitchCommand } from '../../../switching/switch-command.js';
import type { ApiContext } from '../../context.js';
import { LISTS } from '../../read/catalog.js';
import { AuditEntryConnection, SwitchCommandConnection } from '../connections.js';
import { PageArgs, type Page } from '../relay.js';
import { TransformerDistrictType } from '../types/accounts.js';
import { CutApprovalType, CutBatchType } from '../types/cut-control.js';
import { SwitchCommandType } from '../types/switching.js';

@Resolver(() => CutBatchType)
export class CutBatchFields {
  @FieldResolver(() => TransformerDistrictType, { nullable: true, description: 'The district (台区).' })
  district(@Root() batch: CutBatch, @Ctx() { scope }: ApiContext): Promise<TransformerDistrict | null> {
    return scope.find('TransformerDistrict', batch.districtId);
  }

  @FieldResolver(() => [CutApprovalType], { description: 'Who approved it as a whole (审批).' })
  approvals(@Root() batch: CutBatch, @Ctx() { scope }: ApiContext): Promise<CutApproval[]> {
    return scope.related('approvalsOfBatch', batch.id);
  }

  @FieldResolver(() => SwitchCommandConnection, { description: 'Its cuts (批次指令), in the order of release.' })
  switchCommands(
    @Root() batch: CutBatch,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { scope }: ApiContext,
  ): Promise<Page<SwitchCommand>> {
    return scope.page(LISTS.switchCommandsOfBatch, batch.id, page);
  }

  @FieldResolver(() => AuditEntryConnection, { description: 'Everything that happened to it (历史), newest first.' })
  history(@Root() batch: CutBatch, @Args(() => PageArgs) page: PageArgs, @Ctx() { scope }: ApiContext) {
    return scope.page(LISTS.auditEntriesOfSubject, batch.id, page);
  }
}

@Resolver(() => SwitchCommandType)
export class SwitchCommandApprovalFields {
  @FieldResolver(() => CutBatchType, {
    nullable: true,
    description: 'The batch it belongs to (批次); null: a single cut.',
  })
  batch(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<CutBatch | null> {
    return scope.find('CutBatch', command.batchId);
  }

  @FieldResolver(() => [CutApprovalType], { description: 'Who approved it by itself (审批); see also its batch.' })
  approvals(@Root() command: SwitchCommand, @Ctx() { scope }: ApiContext): Promise<CutApproval[]> {
    return scope.related('approvalsOfCommand', command.id);
  }
}
