/** What the spec uses of the package, which brings no types. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export class WebSocket {
    constructor(url: string);
    close(code?: number): void;
    on(event: 'error', heard: (error: Error) => void): void;
    send(data: string): void;
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: { noServer: true });
    readonly clients: Set<WebSocket>;
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      opened: (socket: WebSocket) => void
    ): void;
  }
}
