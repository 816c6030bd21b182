// Comfort only: shows a field with a condition when its condition is met. The server decides by the same rule.
(() => {
  const boxes = [...document.querySelectorAll("[data-shown-if]")];
  const named = (name) => document.getElementsByName(name);

  function holds(box) {
    return [...named(box.dataset.shownIf)].some((input) => !input.disabled
      && (input.tagName === "SELECT" || input.checked) && input.value === box.dataset.shownValue);
  }

  // In the order of the form, so that what hangs on a hidden field is hidden with it.
  function update() {
    for (const box of boxes) {
      const shown = holds(box);
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
  // Coming back by the browser's button restores what was typed after this file has run.
  addEventListener("pageshow", update);
  update();
})();
