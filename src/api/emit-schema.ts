import { writeFileSync } from 'node:fs';
import { projectPath } from '../platform/project-path.js';
import { permissionMatrix } from './permission-matrix.js';
import { buildApiSchema, printApiSchema } from './schema.js';

// Run by `npm run schema`: writes what a reviewer reads and a test compares.
const schema = buildApiSchema();
writeFileSync(projectPath('schema', 'schema.graphql'), printApiSchema(schema));
writeFileSync(projectPath('schema', 'permissions.json'), permissionMatrix(schema));
