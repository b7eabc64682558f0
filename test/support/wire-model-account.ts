/** An account of the race. Amounts in fen: overdue at the start, and overdue for more than 30 days (what can cut). */
export interface RaceAccount {
  readonly serial: string;
  readonly accountNumber: string;
  readonly servicePointId: string;
  readonly overdueMinor: bigint;
  readonly longOverdueMinor: bigint;
}
