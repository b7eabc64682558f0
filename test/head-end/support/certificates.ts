import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate in files, and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority of one test, made with openssl. */
export class Authority {
  private constructor(
    private readonly dir: string,
    private readonly name: string,
    readonly own: Certificate,
  ) {}

  static make(dir: string, name: string): Authority {
    const [certFile, keyFile] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      keyFile,
      '-out',
      certFile,
    );
    return new Authority(dir, name, read(certFile, keyFile));
  }

  /** @param names as a certificate has them: `IP:127.0.0.1`, `DNS:broker.test`. @param days negative: it has expired */
  issue(name: string, names: string, days = 30): Certificate {
    const base = join(this.dir, `${this.name}-${name}`);
    const [certFile, keyFile] = [`${base}.crt`, `${base}.key`];
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      keyFile,
      '-out',
      `${base}.csr`,
    );
    writeFileSync(`${base}.ext`, `subjectAltName=${names}\n`);
    writeFileSync(`${base}.db`, '');
    writeFileSync(`${base}.srl`, '01\n');
    const day = (offset: number) =>
      `${new Date(Date.now() + offset * 86_400_000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
    writeFileSync(
      `${base}.cnf`,
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${base}.db\nserial=${base}.srl\nnew_certs_dir=${this.dir}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
    );
    const [from, to] = days < 0 ? [day(2 * days), day(days)] : [day(-1), day(days)];
    openssl(
      'ca',
      '-batch',
      '-config',
      `${base}.cnf`,
      '-cert',
      this.own.certFile,
      '-keyfile',
      this.own.keyFile,
      '-in',
      `${base}.csr`,
      '-out',
      certFile,
      '-notext',
      '-extfile',
      `${base}.ext`,
      '-startdate',
      from,
      '-enddate',
      to,
    );
    return read(certFile, keyFile);
  }
}

function read(certFile: string, keyFile: string): Certificate {
  // The broker reads them under an account of its own.
  chmodSync(keyFile, 0o644);
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
