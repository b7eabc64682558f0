import { chownSync, lchownSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The operating system account PostgreSQL runs as; `undefined` means "as ourselves". PostgreSQL refuses uid 0, because
 * a database that can write every file turns one SQL mistake into the loss of the machine.
 */
export type Account = { uid: number; gid: number } | undefined;

/** Accounts made for unprivileged servers, in order of preference. Every Linux system has the second. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * Chooses the account. As an ordinary user: ourselves. As root: whoever owns the existing database directory, else
 * `postgres`, else `nobody`.
 *
 * @param clusterDir the PostgreSQL directory, which need not exist yet
 * @param passwd text of /etc/passwd
 * @throws Error when root finds no account to step down to
 */
export function chooseAccount(
  clusterDir: string,
  uid = process.getuid?.(),
  passwd = () => readFileSync('/etc/passwd', 'utf8'),
): Account {
  if (uid !== 0) return undefined;
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };

  const accounts = new Map(
    passwd()
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , accountUid, accountGid]) => [name, { uid: Number(accountUid), gid: Number(accountGid) }]),
  );
  for (const name of CANDIDATES) {
    const account = accounts.get(name);
    if (account && account.uid > 0) return account;
  }
  throw new Error(
    `PostgreSQL does not run as root and /etc/passwd has none of: ${CANDIDATES.join(', ')}. ` +
      'Start Relight as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own',
  );
}

/** Gives a whole directory tree to the account (a tree copied or restored by root belongs to root). */
export function giveTree(directory: string, account: Account): void {
  if (!account || statSync(directory).uid === account.uid) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    // lchown: a link inside the tree must not hand over a file outside it.
    lchownSync(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
  // The top goes last: it is what the check above looks at, so an interrupted run is taken up again.
  chownSync(directory, account.uid, account.gid);
}
