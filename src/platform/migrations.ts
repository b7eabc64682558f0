import { readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { Migration } from '@mikro-orm/migrations';
import { projectPath } from './project-path.js';

/**
 * The SQL files of schema/migrations in order of name, as the migrations list of the ORM. A merged file is never edited:
 * schema/migrations/CHECKSUMS holds the SHA-256 of each, and a test compares.
 */
export function migrationsList(): {
  name: string;
  class: new (...args: ConstructorParameters<typeof Migration>) => Migration;
}[] {
  const dir = projectPath('schema', 'migrations');
  return readdirSync(dir)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(`${dir}/${file}`, 'utf8');
      return {
        name: file.replace(/\.sql$/, ''),
        class: class extends Migration {
          override up(): void {
            this.addSql(sql);
          }
        },
      };
    });
}

/** File name and SHA-256 of every migration, one `sha256  name` line each. */
export function migrationChecksums(): string {
  const dir = projectPath('schema', 'migrations');
  return readdirSync(dir)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map(
      (file) =>
        `${createHash('sha256')
          .update(readFileSync(`${dir}/${file}`))
          .digest('hex')}  ${file}\n`,
    )
    .join('');
}
