import { GraphQLInt } from 'graphql';
import { Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { policyVersions, type PolicyVersion } from '../../../dunning/policies-in-force.js';
import type { ApiContext } from '../../context.js';
import { DateTimeScalar, JsonObjectScalar } from '../scalars.js';

@ObjectType('DunningPolicy', {
  simpleResolvers: true,
  description:
    'A version of a policy (催费策略版本): what decides about notices and cuts for a class of customers and a way of paying, each parameter with its clause. Never changed; a decision names code and version.',
})
export class DunningPolicyType implements PolicyVersion {
  @Field(() => String, { description: 'Code (编号), e.g. CHINA-POSTPAID.' })
  code!: string;

  @Field(() => GraphQLInt, { description: 'Counts the documents used under this code, from 1 (版本).' })
  version!: number;

  @Field(() => Boolean, { description: 'True for the version decided by now (现行).' })
  inForce!: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was first decided by (启用时间).' })
  inForceFrom!: Date;

  @Field(() => JsonObjectScalar, { description: 'The whole policy (全文), amounts in minor units.' })
  document!: Record<string, unknown>;
}

@Resolver()
export class PolicyQueries {
  @Query(() => [DunningPolicyType], {
    description: 'Every version of every policy this company has decided by (催费策略), by code, newest first.',
  })
  async dunningPolicies(@Ctx() { api }: ApiContext): Promise<DunningPolicyType[]> {
    const { db, policies } = api.deps.flows;
    const now = new Set(policies.list.map(({ policy, version }) => `${policy.code} ${version}`));
    return (await policyVersions(db)).map((one) => ({ ...one, inForce: now.has(`${one.code} ${one.version}`) }));
  }
}
