import type { ApproverRole } from '../../dunning/cut-batches.js';
import type { Viewer } from '../auth/viewer.js';
import { ApiError } from '../errors.js';

/** From the highest down: who has several roles approves in the highest. */
const APPROVERS: readonly ApproverRole[] = ['SUPERVISOR', 'OPERATIONS', 'DISTRICT_MANAGER'];

/** The role in which somebody approves. @throws ApiError FORBIDDEN: the permission table lets only these come so far */
export function approverRole(viewer: Viewer): ApproverRole {
  const role = APPROVERS.find((approver) => viewer.roles.includes(approver));
  if (!role) throw new ApiError('FORBIDDEN', 'Only a DISTRICT_MANAGER, OPERATIONS or a SUPERVISOR approves cuts.');
  return role;
}
