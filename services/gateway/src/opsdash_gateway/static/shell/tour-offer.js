// The intro tour is offered once per person; its library and itself are loaded when it starts for the first time.
(() => {
  "use strict";
  const files = opsdash.texts.tourFiles;
  let loading;

  function load(address) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.addEventListener("load", done);
      script.addEventListener("error", failed);
      script.src = address;
      document.head.append(script);
    });
  }
  async function loadAll() {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = files.style;
    document.head.prepend(style);
    await load(files.driver);
    await load(files.tour);
  }
  function seen() {
    const offer = document.getElementById("tour-offer");
    if (!offer) return;
    offer.remove();
    opsdash.savePreferences({ tour_seen: "on" });
  }
  opsdash.acts["tour-dismiss"] = seen;
  opsdash.acts.tour = async (button) => {
    try {
      await (loading ??= loadAll());
    } catch {
      loading = undefined;
      return opsdash.toast({ kind: "error", text: opsdash.texts.failed });
    }
    seen();
    opsdash.startTour(button.isConnected ? button : document.querySelector("header [data-act=tour]"));
  };
})();
