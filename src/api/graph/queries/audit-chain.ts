import { Ctx, Query, Resolver } from 'type-graphql';
import type { ApiContext } from '../../context.js';
import { readAuditChain, type AuditChainState } from '../../read/audit-chain.js';
import { AuditChainType } from '../types/audit-chain.js';

/** The question of an auditor: how old is the seal? */
@Resolver()
export class AuditChainQuery {
  @Query(() => AuditChainType, {
    description: 'How far the audit is sealed, and its last signed checkpoint (审计封存状态).',
  })
  auditChain(@Ctx() { api }: ApiContext): Promise<AuditChainState> {
    return readAuditChain(api.deps.flows.db);
  }
}
