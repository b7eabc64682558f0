import { ROLES, type Role } from './auth/viewer.js';

/** Staff who work with customers: they have a business with names, addresses and contacts. */
export const DESK: readonly Role[] = ['HOTLINE', 'COUNTER', 'DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR'];
/** Everybody inside the company. */
export const INSIDE: readonly Role[] = [...DESK, 'TESTER', 'AUDITOR'];
/** Inside, and customers about what is theirs. */
export const READERS: readonly Role[] = ['CUSTOMER', ...INSIDE];
/** Whoever has a token. */
export const EVERYONE: readonly Role[] = ROLES;
/** Personal data: customers about themselves, and those who deal with them. */
export const PERSONAL: readonly Role[] = ['CUSTOMER', ...DESK];
/** Reasons and evidence may speak of protections and of people's conduct. */
export const JUDGING: readonly Role[] = [...DESK, 'AUDITOR'];
/** Whoever watches operations. */
export const WATCHING: readonly Role[] = [
  'HOTLINE',
  'DISTRICT_MANAGER',
  'OPERATIONS',
  'SUPERVISOR',
  'TESTER',
  'AUDITOR',
];
/** Whoever answers for the audit being whole. */
export const AUDITING: readonly Role[] = ['OPERATIONS', 'SUPERVISOR', 'AUDITOR'];
/** Whoever asks for cuts and stops them. */
export const SWITCHING: readonly Role[] = ['HOTLINE', 'DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR'];

/** Whoever may decide about cuts of others; the policy says whose word suffices. */
export const APPROVING: readonly Role[] = ['DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR'];

/** Whoever prepares cuts, or answers for them. */
export const PREPARING: readonly Role[] = ['DISTRICT_MANAGER', 'OPERATIONS', 'SUPERVISOR', 'AUDITOR'];

/** Roles and the fields of one type that they may ask for, by name with blanks between. */
export type Grants = readonly (readonly [roles: readonly Role[], fields: string])[];
