// What engines lack or do otherwise: boxes that grow with their text, Escape in a popover.
(() => {
  "use strict";
  const { findAll } = window.opsdash;

  // ---- without `field-sizing` a box is as tall as its content by hand
  function grow(area) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  }
  if (!CSS.supports("field-sizing", "content")) {
    document.addEventListener("input", ({ target }) => { if (target.matches("textarea")) grow(target); });
    for (const event of ["htmx:after:swap", "htmx:finally:request", "opsdash:drawer-opened"])
      document.addEventListener(event, () => findAll("textarea").filter((area) => area.value || area.style.height).forEach(grow));
  }

  // ---- Escape closes the innermost popover and nothing around it: some engines close the dialog too
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const innermost = findAll("[popover]").filter((each) => each.popover === "auto" && each.matches(":popover-open")).at(-1);
    if (!innermost) return;
    event.preventDefault();
    innermost.hidePopover();
  }, true);
})();
