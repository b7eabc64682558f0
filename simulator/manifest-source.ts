import { readFileSync } from 'node:fs';
import { checkManifest } from './manifest.js';
import type { FleetManifest } from './wire/contract.js';

/** Between two attempts to fetch the manifest, ms. */
const RETRY_MS = 1_000;
/** One attempt; a manifest of 100,000 meters has ~35 MB. */
const ATTEMPT_TIMEOUT_MS = 30_000;

export interface ManifestSource {
  /** Path of a file, or an http(s) address. */
  from: string;
  /** Bearer token for an address. */
  token?: string;
  /** Told what is being waited for, each time the reason changes. */
  waiting?: (line: string) => void;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

/**
 * Reads and checks a manifest. A server that is not up yet is waited for, until `signal`; an answer that will not get better
 * by waiting (no right, no such page, no manifest) is an error at once.
 * @throws Error in plain words.
 */
export async function loadManifest(source: ManifestSource): Promise<FleetManifest> {
  if (/^https?:\/\//.test(source.from)) return checkManifest(await fetchManifest(source));
  return checkManifest(readManifestFile(source.from));
}

function readManifestFile(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`Cannot read the fleet file ${path}: ${(error as Error).message}`);
  }
  return parse(text, path);
}

async function fetchManifest(source: ManifestSource): Promise<unknown> {
  let lastReason = '';
  for (;;) {
    const outcome = await attempt(source);
    if ('text' in outcome) return parse(outcome.text, source.from);
    if (outcome.reason !== lastReason) source.waiting?.(`waiting for the fleet at ${source.from}: ${outcome.reason}`);
    lastReason = outcome.reason;
    await pause(source.signal);
  }
}

async function attempt(source: ManifestSource): Promise<{ text: string } | { reason: string }> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (source.token) headers.authorization = `Bearer ${source.token}`;
  const signals = [AbortSignal.timeout(ATTEMPT_TIMEOUT_MS), ...(source.signal ? [source.signal] : [])];
  let response: Response;
  let text: string;
  try {
    response = await fetch(source.from, { headers, signal: AbortSignal.any(signals), redirect: 'error' });
    text = await response.text();
  } catch (error) {
    source.signal?.throwIfAborted();
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return { reason: cause?.code === 'ECONNREFUSED' ? 'nothing listens there yet' : (cause?.code ?? message) };
  }
  if (response.ok) return { text };
  if (response.status === 401 || response.status === 403) {
    throw new Error(`${source.from} refuses the token (${response.status}); give a TESTER token with --token.`);
  }
  if (response.status >= 500 || response.status === 429) return { reason: `it answers ${response.status}` };
  throw new Error(`${source.from} answers ${response.status}; is this the address of the fleet manifest?`);
}

function parse(text: string, from: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${from} holds no JSON; a fleet manifest is JSON (schema/fleet.schema.json).`);
  }
}

function pause(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, RETRY_MS);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
