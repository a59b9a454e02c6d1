// The dashboard's numbers follow the workspace: asked for again when something has changed, at most every two seconds.
(() => {
  "use strict";
  const PAUSE = 2000;
  const cards = document.getElementById("insights");
  if (!cards) return;
  let waiting = 0;
  function refresh() {
    waiting ||= setTimeout(() => {
      waiting = 0;
      htmx.trigger(cards, "opsdash:refresh");
    }, PAUSE);
  }
  for (const event of ["opsdash:counts", "opsdash:ticket-changed", "opsdash:resync"]) document.addEventListener(event, refresh);
  cards.addEventListener("htmx:after:swap", () => opsdash.tick(cards));
})();
