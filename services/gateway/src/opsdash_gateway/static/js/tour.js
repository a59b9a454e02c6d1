// The four steps of the intro tour; a step whose target is not on the page or hidden is left out. Loaded on first use.
(() => {
  "use strict";
  opsdash.startTour = (opener) => {
    const texts = opsdash.texts.tour;
    const steps = texts.steps
      .map(([selector, title, description]) => ({ element: document.querySelector(selector), popover: { title, description } }))
      .filter(({ element }) => element?.checkVisibility({ visibilityProperty: true }));
    if (!steps.length) return;
    window.driver.js.driver({
      steps,
      showProgress: true,
      progressText: texts.progress.replace("{current}", "{{current}}").replace("{total}", "{{total}}"),
      nextBtnText: texts.next,
      prevBtnText: texts.back,
      doneBtnText: texts.done,
      stagePadding: 6,
      stageRadius: 10,
      overlayOpacity: 0.45,
      animate: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      onPopoverRender: ({ closeButton }) => closeButton.setAttribute("aria-label", texts.close),
      onDestroyed: () => opener?.focus(),
    }).drive();
  };
})();
