// Asks for the newest revision of a text: over the stream, and where that cannot be opened, one debounced request at a time.
// An answer is handed on only while nothing newer has been answered, so that no late one paints over it.
import {key} from "./settings.js";
import {BASE, Refusal, post} from "./service.js";

const PAUSE_MS = 90; // of the hands, before a request is sent
const SOCKET_AGAIN_MS = 30_000; // after the stream was refused
const AGAIN_S = 2; // after 429, 503 and a service that is not there

export class Asker {
  // onAnswer(answer, body of its request if nothing newer was asked, else null), onRefusal(Refusal),
  // onWay("stream" | "requests"): which way is used
  constructor({onAnswer, onRefusal, onWay}) {
    Object.assign(this, {onAnswer, onRefusal, onWay});
    this.sequence = 0;
    this.answered = 0;
    this.newest = null;
    this.socket = null;
    this.refusedUntil = 0;
    this.timer = 0;
    this.request = null;
  }

  // body: of POST /v1/parse; caret: where the hands are, in UTF-16 units, or null
  ask(body, caret = null) {
    this.newest = {sequence: ++this.sequence, body, caret};
    clearTimeout(this.timer);
    if (Date.now() < this.refusedUntil) return this.askSoon(PAUSE_MS);
    if (this.socket === null) this.open();
    else if (this.socket.readyState === WebSocket.OPEN) this.send();
  }

  // Whatever is under way is not wanted any more.
  forget() {
    this.newest = null;
    this.answered = ++this.sequence;
    clearTimeout(this.timer);
    this.request?.abort();
  }

  // The key has changed: the next revision opens a stream of its own.
  reopen() {
    const old = this.socket;
    this.socket = null;
    this.refusedUntil = 0;
    old?.close(1000);
  }

  open() {
    let socket;
    try {
      const url = new URL("v1/stream", BASE);
      url.protocol = url.protocol.replace("http", "ws");
      socket = new WebSocket(url, ["slotline.v1", ...(key() ? [`slotline.key.${base64url(key())}`] : [])]);
    } catch {
      return this.withoutSocket();
    }
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      if (this.newest) this.send();
    };
    socket.onmessage = (event) => this.take(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      const idle = opened && (event.code === 1000 || event.code === 4408);
      if (!idle) this.withoutSocket();
    };
  }

  withoutSocket() {
    this.refusedUntil = Date.now() + SOCKET_AGAIN_MS;
    if (this.newest && this.newest.sequence > this.answered) this.askSoon(0);
  }

  send() {
    const {sequence, body, caret} = this.newest;
    this.socket.send(JSON.stringify(caret === null ? {sequence, ...body} : {sequence, caret, ...body}));
  }

  take(message) {
    const asked = this.newest;
    if (!asked || message.sequence === null || message.sequence <= this.answered) return;
    if (message.status !== 200) return this.refuse(new Refusal(message.status, message.problem, message.retry_after_s), message.sequence);
    this.tell(message, message.sequence, "stream");
  }

  askSoon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), ms);
  }

  async fetch() {
    const {sequence, body} = this.newest;
    this.request?.abort();
    this.request = new AbortController();
    try {
      const answer = await post("v1/parse", body, this.request.signal);
      if (sequence > this.answered) this.tell(answer, sequence, "requests");
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error, sequence);
    }
  }

  tell(answer, sequence, way) {
    this.answered = sequence;
    this.onWay(way);
    this.onAnswer(answer, sequence === this.newest.sequence ? this.newest.body : null);
  }

  refuse(refusal, sequence) {
    if (sequence !== this.newest?.sequence) return;
    this.onRefusal(refusal);
    if (![0, 429, 503, 504].includes(refusal.status)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.newest && this.ask(this.newest.body, this.newest.caret), (refusal.retryAfterS || AGAIN_S) * 1000);
  }
}

function base64url(text) {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
