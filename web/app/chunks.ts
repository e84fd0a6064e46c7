// Writes into the built page which files each page needs, and which the whole application has: shell/ahead.ts and the head of the page use it.
import type { Plugin } from "vite";

interface Chunk {
  readonly type: string;
  readonly fileName: string;
  readonly facadeModuleId?: string | null;
  readonly imports?: readonly string[];
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> };
}

const PAGE = /\/src\/(?:pages\/)?((?:[\w-]+\/)?[\w-]+)\.tsx$/;

export function chunks(): Plugin {
  return {
    name: "huaxiang-chunks",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const all = Object.values(bundle ?? {}) as unknown as readonly Chunk[];
        const names = all.map((one) => one.fileName).filter((name) => /\.(js|css)$/.test(name) && !html.includes(name)).sort();
        const byName = new Map(all.map((one) => [one.fileName, one]));
        const needs = (name: string, found = new Set<string>()): Set<string> => {
          const one = byName.get(name);
          if (!one || found.has(name)) return found;
          found.add(name);
          for (const css of one.viteMetadata?.importedCss ?? []) found.add(css);
          for (const inner of one.imports ?? []) needs(inner, found);
          return found;
        };
        const pages: Record<string, readonly number[]> = {};
        for (const one of all) {
          const page = one.type === "chunk" && one.facadeModuleId ? PAGE.exec(one.facadeModuleId)?.[1].replace(/\/index$/, "") : undefined;
          if (page) pages[page] = [...needs(one.fileName)].map((name) => names.indexOf(name)).filter((at) => at >= 0);
        }
        const short = names.map((name) => name.replace(/^assets\//, ""));
        return html.replace("__HUAXIANG_CHUNKS__", JSON.stringify({ names: short, pages }));
      },
    },
  };
}
