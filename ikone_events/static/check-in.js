// Comfort of the check-in: presses without reload, kept while there is no network, and the camera.
(() => {
  "use strict";
  const root = document.getElementById("check-in");
  const form = document.getElementById("entry-form");
  if (!root || !form) return;
  const field = form.elements.typed, nobody = root.querySelector("[data-nobody]");

  // ---- What waits: keys, moments, and codes or numbers of people; deleted when it has been sent.
  const PLACE = `ikone.check-in ${root.dataset.presses}`;
  const AT_ONCE = 50;
  const waiting = () => {
    try { return JSON.parse(localStorage.getItem(PLACE)) || []; } catch { return []; }
  };
  const keep = (presses) => {
    if (presses.length) localStorage.setItem(PLACE, JSON.stringify(presses));
    else localStorage.removeItem(PLACE);
  };
  const key = () => [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const panel = root.querySelector("[data-queue]");
  const show = (why) => {
    const number = waiting().length;
    panel.hidden = !why || !number;
    panel.querySelector("[data-waiting]").textContent = number;
    for (const part of panel.querySelectorAll("[data-why]")) part.hidden = part.dataset.why !== why;
  };
  const say = (what) => {
    for (const part of root.querySelectorAll("[data-say]")) part.hidden = part.dataset.say !== what;
  };

  // ---- Sending: what has no answer is sent again with its own key, which the server knows then.
  let sending = false, again, pause = 2000, failed = "";
  const later = () => {
    clearTimeout(again);
    again = setTimeout(send, pause);
    pause = Math.min(pause * 2, 30000);
  };
  const reason = (answer) => {
    if (answer.redirected || answer.status === 401) return "session";
    if (answer.status === 400) return "reload";
    if (answer.status === 403 || answer.status === 404) return "forbidden";
    return "offline";
  };
  // A wrong clock is set when the network is back. The timer of the page knows better, but stands
  // still while a phone sleeps: it counts only where the clock has jumped.
  const pressed = new Map(), JUMP = 12 * 3600 * 1000;
  const waited = ({ key, at }) => {
    const byClock = Date.now() - at;
    const byTimer = pressed.has(key) ? performance.now() - pressed.get(key) : byClock;
    return Math.max(0, Math.abs(byClock - byTimer) > JUMP ? byTimer : byClock) / 1000;
  };
  const post = async () => {
    const presses = waiting().slice(0, AT_ONCE).map((press) => {
      const { at, ...sent } = press;
      return { ...sent, ago: waited(press) };
    });
    const answer = await fetch(root.dataset.presses, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": root.dataset.token },
      body: JSON.stringify({ presses }),
      signal: AbortSignal.timeout(15000),
    });
    const isOurs = answer.ok && !answer.redirected
      && (answer.headers.get("Content-Type") || "").startsWith("application/json");
    return isOurs ? { done: await answer.json() } : { why: reason(answer) };
  };
  async function send() {
    if (sending || !waiting().length) return;
    sending = true;
    let result;
    try { result = await post(); } catch { result = { why: "offline" }; }
    sending = false;
    failed = result.why || "";
    if (failed) {
      show(failed);
      if (failed === "offline") later();
      return;
    }
    pause = 2000;
    const done = new Set(result.done.done);
    keep(waiting().filter((press) => !done.has(press.key)));
    show("");
    putIn(result.done.page);
    if (navigator.vibrate) navigator.vibrate(result.done.outcomes.every((each) => each.kind === "success") ? 80 : [80, 80, 80]);
    send();
  }
  const press = (what) => {
    const presses = waiting();
    if (presses.some((each) => (each.code || each.person) === (what.code || what.person))) { say("waiting"); return; }
    say("");
    const made = { key: key(), at: Date.now(), ...what };
    pressed.set(made.key, performance.now());
    keep([...presses, made]);
    if (failed) show(failed);
    clearTimeout(again);
    send();
  };

  // ---- New parts of the page: everything but the field and the camera.
  const putIn = (page) => {
    const made = new DOMParser().parseFromString(page, "text/html");
    for (const id of ["entry-result", "entry-count", "entry-latest", "entry-missing"]) {
      const now = document.getElementById(id), next = made.getElementById(id);
      if (!now || !next) continue;
      now.replaceChildren(...next.childNodes);
      for (const name of ["data-present", "data-expected"]) {
        if (next.hasAttribute(name)) now.setAttribute(name, next.getAttribute(name));
      }
    }
    narrow();
    const result = document.getElementById("entry-result");
    if (camera) { root.querySelector(".camera").scrollIntoView({ block: "nearest" }); return; }
    // Whoever pressed far down in the list sees who that was, and what the person needs.
    result.scrollIntoView({ block: "nearest" });
    if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
    // On a phone the field would open the keyboard: whoever pressed goes on at the answer.
    else if (document.activeElement === document.body) result.focus({ preventScroll: true });
  };

  // ---- Typing: a code is sent, a name narrows the list, and Enter asks the server.
  const isCode = (text) => /^https?(:\/\/|Ö--)/i.test(text) || /\/c\//i.test(text) || (text.length >= 40 && !/\s/.test(text));
  const narrow = () => {
    const typed = field.value.trim(), words = typed.toLowerCase().split(/\s+/);
    const isName = typed && !isCode(typed);
    let shown = 0;
    for (const row of document.querySelectorAll("#entry-missing [data-row]")) {
      const text = row.textContent.toLowerCase();
      row.hidden = isName && !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    nobody.hidden = !isName || shown > 0;
  };
  field.addEventListener("input", narrow);
  // A scanner types wherever the cursor is: if it is nowhere, into the field.
  addEventListener("keydown", (typed) => {
    const isText = typed.key.length === 1 && !typed.ctrlKey && !typed.metaKey && !typed.altKey;
    if (isText && document.activeElement === document.body) field.focus();
  });
  form.addEventListener("submit", (sent) => {
    const text = field.value.trim();
    if (isCode(text)) {
      sent.preventDefault();
      field.value = "";
      press({ code: text.slice(0, 2000) });
    } else if (!navigator.onLine) {
      sent.preventDefault();
      narrow();
    }
  });
  document.addEventListener("submit", (sent) => {
    const person = sent.target.elements.person;
    if (!person || sent.target.elements.since || !root.contains(sent.target)) return;
    sent.preventDefault();
    field.value = "";
    press({ person: person.value });
  });

  // ---- The camera: what the browser reads itself, else a worker of ours.
  const button = root.querySelector("[data-camera]");
  const video = root.querySelector("video");
  let camera = null, last = "", seen = 0;
  const reader = async () => {
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await detector.detect(video))[0]?.rawValue || "";
    }
    const worker = new Worker(root.dataset.worker);
    worker.postMessage({ library: root.dataset.library });
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    return () => new Promise((resolve) => {
      const scale = Math.min(1, 720 / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
      worker.onmessage = (answer) => resolve(answer.data);
      worker.postMessage({ pixels: data.buffer, width, height }, [data.buffer]);
    });
  };
  const take = (text) => {
    // The same code stays in the picture for a while, and is one press.
    const isSame = text === last && Date.now() - seen < 3000;
    seen = Date.now();
    if (isSame) return;
    last = text;
    if (isCode(text)) press({ code: text });
    else say("foreign");
  };
  const look = async (read) => {
    while (camera) {
      const text = video.videoWidth ? await read() : "";
      if (text && camera) take(text);
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
  };
  const turn = (isOn) => {
    root.querySelector(".camera").hidden = !isOn;
    button.querySelector("[data-on]").hidden = isOn;
    button.querySelector("[data-off]").hidden = !isOn;
    say(isOn ? "looking" : "");
  };
  const stop = () => {
    for (const track of camera?.getTracks() || []) track.stop();
    camera = null;
    turn(false);
  };
  button.hidden = !navigator.mediaDevices?.getUserMedia;
  button.addEventListener("click", async () => {
    if (camera) { stop(); return; }
    try {
      camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      video.srcObject = camera;
      await video.play();
    } catch { stop(); say("refused"); return; }
    turn(true);
    look(await reader());
  });
  addEventListener("pagehide", () => { if (camera) stop(); });

  panel.querySelector("[data-send]").addEventListener("click", send);
  addEventListener("online", send);
  send();
})();
