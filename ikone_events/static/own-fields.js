// Optional: shows a field with a condition when its condition is met. The server checks the same rule.
(() => {
  const boxes = [...document.querySelectorAll("[data-shown-if]")];
  const named = (name) => document.getElementsByName(name);

  function isMet(box) {
    return [...named(box.dataset.shownIf)].some((input) => !input.disabled
      && (input.tagName === "SELECT" || input.checked) && input.value === box.dataset.shownValue);
  }

  // In the order of the form, so that fields that depend on a hidden field are hidden too.
  function update() {
    for (const box of boxes) {
      const shown = isMet(box);
      box.hidden = !shown;
      for (const input of box.querySelectorAll("input, select, textarea")) {
        input.dataset.full ??= String(input.disabled);
        input.disabled = !shown || input.dataset.full === "true";
        if ("needed" in box.dataset && input.type !== "checkbox") input.required = shown;
      }
    }
  }

  for (const sentence of document.querySelectorAll("[data-shown-if] .only-if")) sentence.hidden = true;
  const steering = new Set(boxes.map((box) => box.dataset.shownIf));
  document.addEventListener("change", (event) => { if (steering.has(event.target.name)) update(); });
  // The browser's back button restores what was typed after this script has run.
  addEventListener("pageshow", update);
  update();
})();
