// The number at the bell: set by every answer and signal that knows it, said when it has grown.
(() => {
  "use strict";
  const { find, say, texts } = window.opsdash;
  const bell = find("#bell");
  if (!bell) return;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const count = find(".unread", bell);
  const shown = () => (count.hidden ? 0 : Number(count.dataset.count));
  document.addEventListener("opsdash:unread", ({ detail: { unread } }) => {
    const before = shown();
    count.dataset.count = unread;
    count.hidden = !unread;
    find("[data-unread]", count).textContent = number.format(unread);
    // A place of its own: what is said of the ticket or the list being worked on is not replaced by this.
    if (unread !== before) find("#unread-said").textContent = unread > before ? say(texts.unreadNow, { count: number.format(unread) }) : "";
  });
})();
