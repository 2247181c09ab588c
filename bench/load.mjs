// The load generator: raw sockets, one exchange in flight on each, every answer checked by status line,
// length and (WebSocket) content. Reads go into one shared buffer, so that it costs little beside the proxy.
// Must never lose count: a wrong byte, an early end or a missing answer fails the whole run.

import net from 'node:net';
import { ACCEPT, ECHO, EXCHANGES, FRAME, HEAD_END, UPGRADE } from './traffic.mjs';

const ROW_WITHIN_MS = 90_000;
const OPENING_AT_ONCE = 64;
const OK = 'HTTP/1.1 200 ';
const SWITCHING = 'HTTP/1.1 101 ';

const shared = Buffer.allocUnsafe(256 * 1_024);

/** A client socket that reads into the shared buffer. */
class Client {
  constructor(target, events) {
    this.target = target;
    this.events = events;
    this.connect();
  }

  connect() {
    this.socket = net.connect({
      ...this.target,
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count) => {
          this.onBytes(count);
          return true;
        },
      },
    });
    this.socket.on('connect', () => this.onConnect());
    this.socket.on('error', (error) => events.failed(error));
    this.socket.on('end', () => events.failed(new Error('the proxy ended a connection')));
  }

  /** The length of the answer's head, which begins the shared buffer. */
  readHead(count, status) {
    const end = shared.subarray(0, count).indexOf(HEAD_END);
    if (end < 0 || shared.latin1Slice(0, status.length) !== status) {
      this.events.failed(new Error(`unexpected answer: ${shared.latin1Slice(0, 100)}`));
      return 0;
    }
    return end + HEAD_END.length;
  }

  /** From here on the other side may end this socket. */
  release() {
    this.socket
      .removeAllListeners('end')
      .removeAllListeners('error')
      .on('error', () => {});
  }

  close() {
    this.release();
    // A reset leaves no port in TIME_WAIT for the next subject.
    this.socket.resetAndDestroy();
  }
}

class HttpClient extends Client {
  answerLeft = 0;
  inHead = true;
  headChecked = false;
  /** The proxy says `Connection: close`: every exchange needs a connection of its own. */
  closing = false;
  reconnecting = false;

  constructor(target, events, exchange) {
    super(target, events);
    this.exchange = exchange;
  }

  onConnect() {
    if (this.reconnecting) this.events.answered(this);
    else this.events.opened(this);
  }

  send() {
    this.inHead = true;
    this.socket.write(this.exchange.request);
  }

  onBytes(count) {
    let bodyBytes = count;
    if (this.inHead) {
      const headBytes = this.readHead(count, OK);
      this.checkHead(headBytes);
      this.inHead = false;
      this.answerLeft = this.exchange.answerBytes;
      bodyBytes -= headBytes;
    }
    this.answerLeft -= bodyBytes;
    if (this.answerLeft < 0) this.events.failed(new Error('more bytes than the answer has'));
    if (this.answerLeft === 0) this.onAnswer();
  }

  onAnswer() {
    if (!this.closing) {
      this.events.answered(this);
      return;
    }
    this.release();
    this.headChecked = false;
    this.reconnecting = true;
    this.connect();
  }

  /** The announced length is read once a connection; the bytes are counted in every answer. */
  checkHead(headBytes) {
    if (this.headChecked) return;
    this.headChecked = true;
    const head = shared.latin1Slice(0, headBytes);
    const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
    this.closing = /\r\nconnection: *close\r\n/i.test(head);
    if (Number(length) !== this.exchange.answerBytes) {
      this.events.failed(new Error(`Content-Length is ${length}`));
    }
  }
}

class WebSocketClient extends Client {
  upgraded = false;
  received = 0;

  onConnect() {
    this.socket.write(UPGRADE);
  }

  send() {
    this.received = 0;
    this.socket.write(FRAME);
  }

  onBytes(count) {
    if (!this.upgraded) {
      const headBytes = this.readHead(count, SWITCHING);
      this.upgraded = true;
      if (headBytes !== count || !shared.latin1Slice(0, count).includes(ACCEPT)) {
        this.events.failed(new Error('the handshake is not the expected one'));
      }
      this.events.opened(this);
      return;
    }
    const { received } = this;
    this.received += count;
    if (shared.compare(ECHO, received, this.received, 0, count) !== 0) {
      this.events.failed(new Error('the echo differs'));
    }
    if (this.received === ECHO.length) this.events.answered(this);
  }
}

/** Many clients of one kind; `run` has a number of exchanges done, `close` resets all of them. */
class Load {
  clients = [];
  failure = undefined;
  toSend = 0;
  awaited = 0;
  settle = undefined;

  answered(client) {
    this.awaited -= 1;
    if (this.toSend > 0) {
      this.toSend -= 1;
      client.send();
    } else if (this.awaited === 0) {
      this.settle?.();
    }
  }

  failed(error) {
    this.failure ??= error;
    this.settle?.();
  }

  opened(client) {
    this.clients.push(client);
    this.onOpened?.();
  }

  /** Waits until `begin` has led to a call of `settle`; rejects on failure and after the limit. */
  wait(begin) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.failed(new Error('too slow')), ROW_WITHIN_MS);
      this.settle = () => {
        clearTimeout(timer);
        this.settle = undefined;
        if (this.failure === undefined) resolve();
        else reject(this.failure);
      };
      if (this.failure === undefined) begin();
      else this.settle();
    });
  }

  open(count, create) {
    let started = 0;
    const next = () => {
      if (started >= count) return;
      started += 1;
      create(this);
    };
    this.onOpened = () => {
      if (this.clients.length === count) this.settle?.();
      else next();
    };
    return this.wait(() => {
      for (let i = 0; i < OPENING_AT_ONCE; i += 1) next();
    });
  }

  run(exchanges) {
    this.awaited = exchanges;
    this.toSend = exchanges;
    return this.wait(() => {
      for (const client of this.clients) {
        if (this.toSend === 0) break;
        this.toSend -= 1;
        client.send();
      }
    });
  }

  close() {
    for (const client of this.clients) client.close();
    this.clients = [];
  }
}

/** Opens keep-alive connections for one of EXCHANGES. */
export async function openHttp(target, connections, kind) {
  const load = new Load();
  await load.open(connections, (events) => new HttpClient(target, events, EXCHANGES[kind]));
  return load;
}

/** Opens WebSockets: raw handshakes, a few at a time. */
export async function openWebSockets(target, connections) {
  const load = new Load();
  await load.open(connections, (events) => new WebSocketClient(target, events));
  return load;
}
