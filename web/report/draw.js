// Draws the figures and keeps them right when the window, the colour scheme or the medium (screen, paper) changes.
import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { optionOf } from "./options.js";
import { readTheme } from "./theme.js";

use([
  BarChart, HeatmapChart, LineChart, GridComponent, MarkLineComponent, MarkPointComponent, TooltipComponent,
  VisualMapComponent, SVGRenderer,
]);

const PAPER_WIDTH = 660; // px: the text width of an A4 page at 96 dpi, so that type on paper keeps its size

export function drawAll(figures) {
  const drawn = figures.map(prepare).filter(Boolean);
  const paint = (width) => drawn.forEach((one) => paintOne(one, width));
  paint();
  const watcher = new ResizeObserver((entries) => {
    if (document.documentElement.dataset.paper) return;
    for (const { target } of entries) {
      const one = drawn.find(({ box }) => box === target);
      if (one && widthOf(one.box) !== one.width) paintOne(one);
    }
  });
  drawn.forEach(({ box }) => watcher.observe(box));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint());
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.paper = "1";
    paint(PAPER_WIDTH);
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.paper;
    paint();
  });
  document.documentElement.dataset.figures = String(drawn.length);
}

function widthOf(box) {
  return Math.round(box.clientWidth);
}

function prepare(figure) {
  const box = document.getElementById(figure.id);
  return box ? { figure, box, chart: null, width: 0 } : null;
}

function paintOne(one, width = widthOf(one.box)) {
  if (width < 40) return;
  const half = one.box.closest(".half") && width === PAPER_WIDTH;
  one.width = half ? Math.round(width / 2 - 12) : width;
  const { option, height } = optionOf(one.figure, readTheme(), one.width);
  one.box.style.setProperty("--figure-height", `${height}px`);
  one.chart ??= init(one.box, null, { renderer: "svg", width: one.width, height });
  one.chart.resize({ width: one.width, height });
  one.chart.setOption(option, { notMerge: true });
  scalable(one.box.querySelector("svg"), one.width, height);
}

function scalable(svg, width, height) {
  if (!svg) return;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-hidden", "true"); // the figure's caption and table speak for it
  svg.setAttribute("focusable", "false");
}
