import { Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import type { ApiContext } from '../../context.js';
import { apiEnum } from '../described-enum.js';

const DownlinkKeyRoleEnum = apiEnum('DownlinkKeyRole', 'What a key may sign (密钥角色).', {
  HEAD_END: 'Every order and question to a meter (主站).',
  GUARD: 'The second signature on a cut, and nothing else (停电审核方).',
});

@ObjectType('DownlinkKey', {
  simpleResolvers: true,
  description:
    'A public key by which meters know who may give them orders (下行公钥). Installed in a meter before it is used.',
})
export class DownlinkKeyType {
  @Field(() => String, { description: 'Name of the key (密钥标识), the `kid` of the signatures it makes.' })
  kid!: string;

  @Field(() => DownlinkKeyRoleEnum, { description: 'What it may sign (角色).' })
  role!: 'HEAD_END' | 'GUARD';

  @Field(() => String, {
    description: 'Raw Ed25519 public key, base64url without padding (公钥): the `x` of its JWK.',
  })
  publicKey!: string;
}

@Resolver()
export class DownlinkKeyQuery {
  @Query(() => [DownlinkKeyType], {
    description:
      'The key ring for a meter (下行密钥环): who may order anything, and who may sign a cut beside them. Public keys; whoever installs a meter puts them into it.',
  })
  async downlinkKeys(@Ctx() { api }: ApiContext): Promise<DownlinkKeyType[]> {
    const keys = await api.deps.downlinkKeys();
    return keys.map(({ kid, role, x }) => ({ kid, role: role === 'guard' ? 'GUARD' : 'HEAD_END', publicKey: x }));
  }
}
