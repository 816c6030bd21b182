// Reads QR codes in pictures of the camera, beside the page, for browsers that can't do it themselves.
"use strict";
addEventListener("message", ({ data }) => {
  if (data.library) { importScripts(data.library); return; }
  const found = jsQR(new Uint8ClampedArray(data.pixels), data.width, data.height);
  postMessage(found ? found.data : "");
});
