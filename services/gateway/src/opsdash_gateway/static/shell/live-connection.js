// The live stream of a visible tab: connects, says so, and hands on each message as `opsdash:signal`.
(() => {
  "use strict";
  const { announce, find, texts } = window.opsdash;
  const place = find("#connection");
  if (!place) return;
  const EVENTS = ["ticket", "comment", "sla", "counts", "inbox", "resync"];
  const SLOWEST = 30_000;
  const MANY_FAILURES = 5;
  let stream = null;
  let last = place.dataset.after; // resume from here: the page is as things were then, later what was received
  let wasLive = false;
  let failures = 0;
  let timer;

  function connect() {
    clearTimeout(timer);
    if (document.hidden || stream) return;
    stream = new EventSource(`${place.dataset.stream}?after=${encodeURIComponent(last)}`);
    stream.addEventListener("open", opened);
    stream.addEventListener("error", failed);
    for (const name of EVENTS) stream.addEventListener(name, receive);
  }
  function disconnect() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  }
  function receive({ type, data, lastEventId }) {
    last = lastEventId;
    document.dispatchEvent(new CustomEvent("opsdash:signal", { detail: { event: type, data: JSON.parse(data) } }));
  }
  function opened() {
    if (failures && wasLive) announce(texts.connectionBack);
    if (failures) dispatchEvent(new CustomEvent("opsdash:connected"));
    failures = 0;
    wasLive = true;
    show("live", texts.live);
    find("#live-notice").hidden = true;
  }
  /** The browser connects again by itself after a broken connection, never after a refusal; then we do, more slowly. */
  function failed() {
    if (!failures && wasLive) announce(texts.connectionLost);
    failures += 1;
    show("lost", texts.connectionLost);
    find("#live-notice").hidden = failures < MANY_FAILURES;
    if (stream.readyState !== EventSource.CLOSED) return;
    disconnect();
    timer = setTimeout(connect, Math.min(SLOWEST, 1000 * 2 ** failures) * (0.5 + Math.random() / 2));
  }
  function show(state, text) {
    place.dataset.state = state;
    find("#live-state").textContent = text;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) connect(); });
  addEventListener("online", () => { if (failures) { disconnect(); connect(); } });
  addEventListener("DOMContentLoaded", connect);
})();
