// Entry of the report's script: draws every figure from the JSON data in the page. No network, no storage, no globals.
import { drawAll } from "./draw.js";

function start() {
  const data = document.getElementById("figures");
  if (data) drawAll(JSON.parse(data.textContent));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
