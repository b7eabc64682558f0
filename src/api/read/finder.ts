import type { Reach } from './reach.js';
import type { NodeName, NodeRows, RelatedName, RelatedRows } from './rows.js';

/** Finds rows for one viewer; what is out of the viewer's reach is not found. */
export interface Finder {
  /** What this viewer can see. */
  reach(): Promise<Reach>;
  /** The row of this type and id, or null if there is none within the viewer's reach. */
  find<Name extends NodeName>(name: Name, id: string | bigint | null | undefined): Promise<NodeRows[Name] | null>;
  /** Rows that belong to a row the viewer has been shown. */
  related<Name extends RelatedName>(name: Name, id: string): Promise<RelatedRows[Name][]>;
}
