// Optional: shows the fields of the chosen format and video service at once, and says that something is not saved.
// The server does the first when it makes the page; what is hidden is sent all the same, so nothing typed is lost.
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
  const changed = document.querySelector("[data-changed]");
  changed?.closest("form").addEventListener("input", () => { changed.hidden = false; });
})();
