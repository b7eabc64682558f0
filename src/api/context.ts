import type { Actor } from '../platform/audit.js';
import type { Viewer } from './auth/viewer.js';
import type { ApiDeps } from './deps.js';
import { Scope } from './read/scope.js';
import type { BoardReader } from './read/board.js';
import type { ChangeFeed } from './subscriptions/change-feed.js';
import type { MeterWatch } from './subscriptions/meter-watch.js';

/** What all requests of a process share. */
export interface Api {
  readonly deps: ApiDeps;
  readonly feed: ChangeFeed;
  readonly meterWatch: MeterWatch;
  readonly board: BoardReader;
}

/** What one request works with: handed to every resolver, never looked up. */
export interface ApiContext {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly scope: Scope;
}

export const createContext = (api: Api, viewer: Viewer): ApiContext => ({
  api,
  viewer,
  scope: new Scope(api.deps, viewer),
});

/** The viewer as the one who acts. */
export const actorOf = (viewer: Viewer): Actor => ({ kind: 'PERSON', id: viewer.subject });
