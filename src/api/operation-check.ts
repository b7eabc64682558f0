import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Viewer } from './auth/viewer.js';
import type { Limits } from './deps.js';
import { ApiError } from './errors.js';
import { forbidden } from './guard.js';
import { shapeOf, type CostNode, type Factor, type OperationShape } from './operation-shape.js';
import { bitsFor } from './permissions.js';

type Variables = Readonly<Record<string, unknown>>;

interface Known {
  readonly shape: OperationShape;
  /** By role bits: the first field these roles may not ask for, or null. */
  readonly refusals: Map<number, string | null>;
}

/**
 * Judges an operation before anything of it runs: its size, and whether the viewer may ask for all of it. Refused whole, so that
 * no payment is recorded whose answer could then not be shown. What can be known from the text is measured once per document.
 */
export class OperationCheck {
  private readonly known = new WeakMap<OperationDefinitionNode, Known>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly limits: Limits,
  ) {}

  /**
   * @throws ApiError TOO_MANY_ALIASES, TOO_MANY_DIRECTIVES, QUERY_TOO_DEEP, PAGE_TOO_LARGE, QUERY_TOO_COMPLEX, FORBIDDEN
   */
  check(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Variables | null | undefined,
    viewer: Viewer,
  ): void {
    const { shape, refusals } = this.measure(document, operation);
    this.checkLimit(shape.aliases, 'queryAliases', 'TOO_MANY_ALIASES', 'Use variables, or several requests.');
    this.checkLimit(shape.directives, 'queryDirectives', 'TOO_MANY_DIRECTIVES', 'Leave some out.');
    this.checkLimit(
      shape.depth,
      'queryDepth',
      'QUERY_TOO_DEEP',
      'Ask for inner objects by their id in a second request.',
    );
    const cost = new CostSum({ ...shape.defaults, ...variables }, this.limits.pageSize.value).of(shape.cost);
    this.checkLimit(cost, 'queryComplexity', 'QUERY_TOO_COMPLEX', 'Ask for smaller pages or fewer fields.');
    const refused = refusalOf(shape, refusals, viewer.bits);
    if (refused !== null) throw forbidden(refused, 403);
  }

  private measure(document: DocumentNode, operation: OperationDefinitionNode): Known {
    const known = this.known.get(operation);
    if (known) return known;
    const measured = { shape: shapeOf(this.schema, document, operation), refusals: new Map<number, string | null>() };
    this.known.set(operation, measured);
    return measured;
  }

  private checkLimit(
    value: number,
    name: 'queryAliases' | 'queryDirectives' | 'queryDepth' | 'queryComplexity',
    code: 'TOO_MANY_ALIASES' | 'TOO_MANY_DIRECTIVES' | 'QUERY_TOO_DEEP' | 'QUERY_TOO_COMPLEX',
    advice: string,
  ): void {
    const { value: most, unit } = this.limits[name];
    if (value > most)
      throw new ApiError(code, `This operation has ${value} ${unit}; at most ${most} are allowed. ${advice}`, 400);
  }
}

function refusalOf(shape: OperationShape, refusals: Map<number, string | null>, bits: number): string | null {
  const known = refusals.get(bits);
  if (known !== undefined) return known;
  const refused = shape.coordinates.find((coordinate) => (bitsFor(coordinate) & bits) === 0) ?? null;
  refusals.set(bits, refused);
  return refused;
}

/** Adds up the points of one request with its variables; each part of a fragment is added up once. */
class CostSum {
  private readonly sums = new Map<CostNode, number>();

  constructor(
    private readonly variables: Variables,
    private readonly mostNodes: number,
  ) {}

  of(node: CostNode): number {
    const known = this.sums.get(node);
    if (known !== undefined) return known;
    let sum = 0;
    for (const { factor, below } of node.fields) sum += 1 + this.valueOf(factor) * (below ? this.of(below) : 0);
    for (const fragment of node.fragments) sum += this.of(fragment);
    this.sums.set(node, sum);
    return sum;
  }

  /** @throws ApiError PAGE_TOO_LARGE */
  private valueOf(factor: Factor): number {
    if (factor.kind === 'fixed') return factor.value;
    const first = factor.literal ?? (factor.variable === undefined ? undefined : this.variables[factor.variable]);
    // Missing or not a number: graphql itself refuses it by its type.
    if (typeof first !== 'number') return 1;
    if (first < 1 || first > this.mostNodes) {
      throw new ApiError(
        'PAGE_TOO_LARGE',
        `\`first\` is ${first}; ask for 1 to ${this.mostNodes} nodes and page on with \`after\`.`,
        400,
      );
    }
    return first;
  }
}
