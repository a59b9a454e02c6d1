// The four steps of the intro tour; a step whose target is not on the page or hidden is left out. Loaded on first use.
(() => {
  "use strict";
  opsdash.startTour = (opener) => {
    const texts = opsdash.texts.tour;
    const steps = texts.steps
      .map(([selector, title, description]) => ({ element: document.querySelector(selector), popover: { title, description } }))
      .filter(({ element }) => element?.checkVisibility({ visibilityProperty: true }));
    if (!steps.length) return;
    const tour = window.driver.js.driver({
      steps,
      allowKeyboardControl: false, // the library's own keys are deaf while a step moves into place
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
      onDestroyed() {
        document.removeEventListener("keydown", press);
        opener?.focus();
      },
    });
    const [forward, back] = document.documentElement.dir === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    const keys = {
      [forward]: () => tour.moveNext(),
      [back]: () => { if (tour.hasPreviousStep()) tour.movePrevious(); },
      Escape: () => tour.destroy(),
    };
    function press(event) {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    }
    document.addEventListener("keydown", press);
    tour.drive();
  };
})();
