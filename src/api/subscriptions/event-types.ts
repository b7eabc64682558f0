import { GraphQLInt } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import type { ServicePoint } from '../../accounts/account.js';
import type { AuditEntryRow } from '../../platform/audit-entry.js';
import type { SwitchCommand } from '../../switching/switch-command.js';
import { ServicePointType } from '../graph/types/accounts.js';
import { AuditEntryType, OperationsBoardType } from '../graph/types/operations.js';
import { SwitchCommandType } from '../graph/types/switching.js';

/** What every event has; not a type of the schema by itself. */
@ObjectType({ simpleResolvers: true })
abstract class ChangeEventType {
  @Field(() => String, {
    description:
      'Give it as `resumeAfter` after a lost connection (续订令牌): nothing is missed and nothing repeated. Opaque.',
  })
  resumeToken!: string;

  @Field(() => [AuditEntryType], {
    description:
      'What happened since the event before (其间记录), oldest first. Empty in a first event without `resumeAfter`, and when only what a meter reports has changed.',
  })
  entries!: readonly AuditEntryRow[];
}

@ObjectType('SwitchCommandEvent', { simpleResolvers: true, description: 'A switch command changed (指令变更).' })
export class SwitchCommandEventType extends ChangeEventType {
  @Field(() => SwitchCommandType, { description: 'The command as it is now (指令).' })
  switchCommand!: SwitchCommand | Promise<SwitchCommand>;
}

@ObjectType('SupplyEvent', { simpleResolvers: true, description: 'The supply of a service point changed (供电变更).' })
export class SupplyEventType extends ChangeEventType {
  @Field(() => ServicePointType, {
    description:
      'The service point as it is now (用电点): ask for dueSupply, reportedSupply, openInterruptions, openCommand.',
  })
  servicePoint!: ServicePoint | Promise<ServicePoint>;
}

@ObjectType('OperationsBoardEvent', {
  simpleResolvers: true,
  description: 'The operations board changed (看板变更). At most four events a second.',
})
export class OperationsBoardEventType extends ChangeEventType {
  @Field(() => GraphQLInt, {
    description:
      'How many older entries since the event before are not in `entries`, which holds the newest 100 (省略条数). Read them with `auditEntries`.',
  })
  entriesLeftOut!: number;

  @Field(() => OperationsBoardType, { description: 'The board as it is now (看板).' })
  board!: OperationsBoardType;
}
