// Puts a .br and a .gz beside every built file that is worth it, so that the server sends them as they are.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = new URL("../../src/huaxiang/serve/web/static/assets", import.meta.url).pathname;
for (const name of readdirSync(folder)) {
  const path = join(folder, name);
  if (!/\.(js|css|svg|json)$/.test(name) || statSync(path).size < 1024) continue;
  const data = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
  writeFileSync(`${path}.gz`, gzipSync(data, { level: 9 }));
}
