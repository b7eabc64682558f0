import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import {
  mosquittoAcl,
  mosquittoConf,
  mosquittoPasswords,
  type MosquittoPlace,
} from '../../src/embedded/config/mosquitto.js';
import type { BrokerLogin } from '../../src/embedded/config/logins.js';
import { findFreePort } from '../../src/embedded/ports.js';

const ENV = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };

/** The version of the mosquitto on this machine, undefined if there is none (Debian: apt-get install mosquitto). */
export function mosquittoVersion(): string | undefined {
  const { error, stdout } = spawnSync('mosquitto', ['-h'], { env: ENV, encoding: 'utf8' });
  return error ? undefined : /version ([\d.]+)/.exec(stdout)?.[1];
}

export interface MosquittoOptions {
  /** A folder for configuration, data and log; made if need be. */
  readonly dir: string;
  readonly logins: readonly BrokerLogin[];
  readonly tls?: MosquittoPlace['tls'];
  /** Default: after every change. */
  readonly saves?: MosquittoPlace['saves'];
  /** Changes the configuration that the product would write, to try what a wrong one does. */
  readonly change?: (files: { conf: string; acl: string }) => { conf: string; acl: string };
}

/** A real mosquitto with the configuration of `npm run broker-config`, on free ports of this machine. */
export class Mosquitto {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly dir: string,
    /** For gateways: whoever comes here has its user name as its client identifier. */
    readonly gatewayUrl: string,
    /** For the head-end. */
    readonly url: string,
  ) {}

  static async start({ dir, logins, tls, saves = 'every-change', change }: MosquittoOptions): Promise<Mosquitto> {
    // Started by root, mosquitto steps down to its own user: that one has to reach everything here.
    for (const folder of [dir, join(dir, 'data')]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
    }
    const [gateways, headEnd] = [await findFreePort('127.0.0.1'), await findFreePort('127.0.0.1')];
    const place: MosquittoPlace = {
      gateways: `${gateways} 127.0.0.1`,
      headEnd: `${headEnd} 127.0.0.1`,
      passwords: join(dir, 'passwords'),
      acl: join(dir, 'acl'),
      data: `${join(dir, 'data')}/`,
      tls,
      saves,
    };
    const files = { conf: mosquittoConf(place), acl: mosquittoAcl('head-end') };
    const { conf, acl } = change?.(files) ?? files;
    writeFileSync(join(dir, 'mosquitto.conf'), conf);
    writeFileSync(place.acl, acl);
    writeFileSync(place.passwords, mosquittoPasswords(logins));
    const scheme = tls ? 'mqtts' : 'mqtt';
    const mosquitto = new Mosquitto(dir, `${scheme}://127.0.0.1:${gateways}`, `${scheme}://127.0.0.1:${headEnd}`);
    await mosquitto.startAgain();
    return mosquitto;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    return this.process!.pid!;
  }

  /** Starts it where it was, with what it has on disk. */
  async startAgain(): Promise<void> {
    const log = openSync(join(this.dir, 'log'), 'a');
    const child = spawn('mosquitto', ['-c', join(this.dir, 'mosquitto.conf')], {
      stdio: ['ignore', log, log],
      env: ENV,
    });
    this.process = child;
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) throw new Error(readFileSync(join(this.dir, 'log'), 'utf8'));
    }
  }

  /** Whom it knows from now on. */
  setLogins(logins: readonly BrokerLogin[]): void {
    writeFileSync(join(this.dir, 'passwords'), mosquittoPasswords(logins));
    this.process!.kill('SIGHUP');
  }

  /** Ends it by its own pid; SIGTERM saves what it holds, SIGKILL does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!isThere) await new Promise((resume) => setTimeout(resume, 10));
  return isThere;
}
