/** Everybody who may call the API acts in one of these roles. */
export const ROLES = [
  'CUSTOMER',
  'HOTLINE',
  'COUNTER',
  'DISTRICT_MANAGER',
  'OPERATIONS',
  'SUPERVISOR',
  'BANK',
  'TESTER',
  'AUDITOR',
] as const;
export type Role = (typeof ROLES)[number];

/** True for the name of a role the product knows. */
export const isRole = (name: unknown): name is Role => ROLES.includes(name as Role);

/**
 * Roles whose reach is less than everything. They stand alone in a token: joined with another role, the fields of the one
 * would be combined with the reach of the other.
 */
export const BOUNDED_ROLES: readonly Role[] = ['CUSTOMER', 'DISTRICT_MANAGER', 'BANK'];

/** Who is calling, as the verified token says it. */
export interface Viewer {
  /** Token subject: the name under which acts are recorded. */
  readonly subject: string;
  readonly roles: readonly Role[];
  /** {@link roleBits} of `roles`. */
  readonly bits: number;
  /** For CUSTOMER: the account numbers that are theirs. */
  readonly accountNumbers: readonly string[];
  /** For DISTRICT_MANAGER: the codes of their transformer districts. */
  readonly districtCodes: readonly string[];
  /** Wall-clock instant at which the token ends. */
  readonly expiresAt: Date;
}

/** One bit per role, so that asking "may any of these roles" is one AND. */
export const roleBits = (roles: readonly Role[]): number =>
  roles.reduce((bits, role) => bits | (1 << ROLES.indexOf(role)), 0);
