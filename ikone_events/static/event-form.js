// Optional: shows the fields of the chosen format and video service at once, moves the end along with the start, and says
// that something is not saved. The server does the first when it makes the page; what is hidden is sent all the same, so
// nothing typed is lost.
(() => {
  const formats = [...document.querySelectorAll("[name=format]")];
  const update = () => {
    const chosen = formats.find((input) => input.checked)?.value;
    for (const box of document.querySelectorAll("[data-formats]")) {
      box.hidden = !box.dataset.formats.split(" ").includes(chosen) && !box.querySelector(".kern-error");
    }
  };
  const provider = document.querySelector("[name=room_provider]");
  const updateRoom = () => {
    for (const box of provider ? document.querySelectorAll("[data-providers]") : []) {
      box.hidden = box.dataset.providers !== provider.value && !box.querySelector(".kern-error");
    }
  };
  for (const input of formats) input.addEventListener("change", update);
  provider?.addEventListener("change", updateRoom);
  // The browser's back button restores what was typed after this script has run.
  addEventListener("pageshow", update);
  addEventListener("pageshow", updateRoom);
  // The end keeps its distance to the start on the event's clocks, until somebody sets it by hand.
  const starts = document.querySelector("[name=starts_at]"), ends = document.querySelector("[name=ends_at]");
  const clock = text => Date.parse(`${text}Z`);
  const length = starts && ends ? clock(ends.defaultValue) - clock(starts.defaultValue) : 0;
  if (length > 0) {
    let byHand = false;
    const end = () => {
      const moment = clock(starts.value) + length; // not a number while a year has five digits
      return Number.isNaN(moment) ? "" : new Date(moment).toISOString().slice(0, 16);
    };
    ends.addEventListener("input", () => { byHand = true; });
    starts.addEventListener("input", () => { if (!byHand && end()) ends.value = end(); });
    addEventListener("pageshow", () => { byHand ||= ends.value !== end(); });
  }
  const changed = document.querySelector("[data-changed]");
  changed?.closest("form").addEventListener("input", () => { changed.hidden = false; });
})();
