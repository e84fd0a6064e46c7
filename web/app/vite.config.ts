import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { chunks } from "./chunks.ts";

// The nonce stands in the built page until the server puts that of each answer in its place.
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), chunks()],
  html: { cspNonce: "__HUAXIANG_NONCE__" },
  build: {
    outDir: fileURLToPath(new URL("../../src/huaxiang/serve/web/static", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "/api": process.env.HX_SERVER ?? "http://127.0.0.1:8000" } },
});
