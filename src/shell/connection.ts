import type { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiClient } from '../api/client';
import type { Me } from '../api/schemas';
import { EventStream } from '../live/eventStream';
import type { Settings } from '../settings';
import type { IDataflowEnvironments } from '../tokens';

/** The one connection of a page. */
export class Connection implements IDataflowEnvironments {
  constructor(
    serverSettings: ServerConnection.ISettings,
    readonly settings: Settings,
    readonly trans: TranslationBundle
  ) {
    this.client = new ApiClient(serverSettings);
    this.events = new EventStream(serverSettings);
  }

  readonly client: ApiClient;
  readonly events: EventStream;

  me(again = false): Promise<Me> {
    if (again) {
      this._me = null;
    }
    this._me ??= this.client.me().catch(error => {
      this._me = null;
      throw error;
    });
    return this._me;
  }

  private _me: Promise<Me> | null = null;
}
