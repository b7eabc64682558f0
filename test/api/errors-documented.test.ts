import ts from 'typescript';
import { findNodes, readProjectFile, sourceFiles } from '../support/source-files.js';

const page = readProjectFile('docs/errors.md');
const src = sourceFiles('src');

/** Codes in the first column of the tables between two headings. */
const documented = (from: string, to: string): string[] => {
  const part = page.slice(page.indexOf(`\n## ${from}`), to === '' ? undefined : page.indexOf(`\n## ${to}`));
  return [...part.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!).sort();
};

const unique = (codes: readonly string[]): string[] => [...new Set(codes)].sort();

test('every user error is documented, and nothing is documented that does not exist', () => {
  const thrown = src.flatMap((file) =>
    findNodes(
      file,
      (node) =>
        ts.isStringLiteral(node) &&
        ts.isNewExpression(node.parent) &&
        node.parent.expression.getText() === 'UserError' &&
        node.parent.arguments?.[0] === node,
    ),
  );
  const amounts = ['NEGATIVE', 'ZERO', 'OVER_PRECISE', 'NOT_A_NUMBER', 'TOO_LARGE'].map((code) => `AMOUNT_${code}`);
  const handedOn = [
    'UNKNOWN_CURRENCY',
    'SERVICE_POINT_NOT_FOUND',
    'PAYMENT_NOT_FOUND',
    'COMMAND_NOT_FOUND',
    'INTERRUPTION_NOT_FOUND',
  ];
  const codes = thrown.map((found) => /'([A-Z_]+)'/.exec(found)![1]!);
  expect(documented('User errors', 'Top-level errors')).toEqual(unique([...codes, ...amounts, ...handedOn]));
});

test('every top-level error is documented, and nothing is documented that does not exist', () => {
  const errors = src.find(({ path }) => path === 'src/api/errors.ts')!;
  const union = /export type ApiErrorCode =([\s\S]*?);/.exec(errors.text)![1]!;
  const ours = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!);
  const engines = ['OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_SUPPORTED'];
  expect(documented('Top-level errors', 'Commands that ended otherwise')).toEqual(unique([...ours, ...engines]));
});
