// Turns a figure (plain data with ready texts, made in Python) into ECharts options. No numbers are computed here.
import { heat } from "./heat.js";

const SIZE = 12;
const KINDS = { bars, columns, pyramid, curve, heat };

/** Options and height in px of one figure for a theme and a width in px. */
export function optionOf(figure, theme, width) {
  const narrow = width < 520;
  const { option, height } = KINDS[figure.kind](figure, theme, { narrow, width });
  return { option: { ...common(theme), ...option }, height };
}

function common(theme) {
  return {
    animation: false,
    textStyle: { fontFamily: theme.font, fontSize: SIZE, color: theme.ink },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: theme.surface,
      borderColor: theme.rule,
      textStyle: { color: theme.ink, fontSize: SIZE, fontFamily: theme.font },
    },
  };
}

const colours = (theme, count) => (count === 1 ? [theme.soft] : count === 2 ? [theme.other, theme.accent] : [theme.other, theme.soft, theme.accent]);

function tip(figure) {
  return ({ dataIndex, seriesIndex }) => {
    const one = figure.series[seriesIndex];
    const head = figure.labels[dataIndex];
    return `${head}\n${one.name}  ${one.tips?.[dataIndex] ?? one.texts[dataIndex]}`;
  };
}

function shadeOf(figure, theme, index) {
  if (figure.rest === index) return theme.other;
  return figure.marks?.includes(index) ? theme.accent : theme.soft;
}

function seriesOf(figure, theme, label) {
  const shades = colours(theme, figure.series.length);
  return figure.series.map((one, at) => ({
    type: "bar",
    name: one.name,
    barMaxWidth: 26,
    barGap: "12%",
    barCategoryGap: figure.series.length > 1 ? "34%" : "30%",
    data: one.values.map((value, index) => ({
      value,
      itemStyle: { color: figure.series.length > 1 ? shades[at] : shadeOf(figure, theme, index) },
    })),
    label: {
      show: label.show,
      position: label.position,
      color: theme.ink,
      fontSize: SIZE,
      fontFamily: theme.font,
      formatter: ({ dataIndex }) => one.texts[dataIndex],
    },
  }));
}

function clip(text, room) {
  let used = 0;
  for (let at = 0; at < text.length; at += 1) {
    used += text.charCodeAt(at) > 0x2e7f ? SIZE : SIZE * 0.56;
    if (used > room) return `${text.slice(0, at - 1)}…`;
  }
  return text;
}

function bars(figure, theme, { width }) {
  const rows = figure.labels.length;
  const room = Math.min(width * 0.42, 260);
  const each = figure.series.length > 1 ? 20 * figure.series.length + 10 : 30;
  return {
    height: rows * each + 12,
    option: {
      grid: { left: 0, right: 64, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", show: false, min: 0, max: figure.max },
      yAxis: {
        type: "category",
        inverse: true,
        data: figure.labels,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: theme.ink, fontSize: SIZE, interval: 0, formatter: (text) => clip(text, room) },
      },
      series: seriesOf(figure, theme, { show: true, position: "right" }),
      tooltip: { ...common(theme).tooltip, trigger: "item", formatter: tip(figure) },
    },
  };
}

function columns(figure, theme, { narrow, width }) {
  const count = figure.labels.length;
  const each = (width - 20) / count;
  const widest = Math.max(...figure.series.flatMap((one) => one.texts.map((text) => text.length))) * SIZE * 0.6;
  const every = Math.ceil(Math.max(...figure.labels.map((text) => textWidth(text) + 6)) / each);
  return {
    height: narrow ? 220 : 250,
    option: {
      grid: { left: 4, right: 4, top: 24, bottom: figure.xName ? 26 : 6, containLabel: true },
      xAxis: {
        type: "category",
        data: figure.labels,
        name: figure.xName,
        nameLocation: "middle",
        nameGap: 28,
        nameTextStyle: { color: theme.muted, fontSize: SIZE },
        axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.rule } },
        axisLabel: { color: theme.ink, fontSize: SIZE, interval: figure.ordinal ? 0 : every - 1, hideOverlap: true },
      },
      yAxis: { type: "value", show: false, min: 0 },
      series: seriesOf(figure, theme, { show: widest < each, position: "top" }),
      tooltip: { ...common(theme).tooltip, trigger: "item", formatter: tip(figure) },
    },
  };
}

function textWidth(text) {
  let used = 0;
  for (const one of text) used += one.charCodeAt(0) > 0x2e7f ? SIZE : SIZE * 0.58;
  return used;
}

function pyramid(figure, theme) {
  const [left, right] = figure.series;
  const shade = [theme.accent, theme.other];
  const top = Math.max(...left.values, ...right.values) * 1.25;
  const side = (one, at) => ({
    type: "bar",
    name: one.name,
    stack: "both",
    barMaxWidth: 22,
    data: one.values.map((value) => (at === 0 ? -value : value)),
    itemStyle: { color: shade[at] },
    label: {
      show: true, position: at === 0 ? "left" : "right", color: theme.ink, fontSize: SIZE,
      formatter: ({ dataIndex }) => one.texts[dataIndex],
    },
  });
  return {
    height: figure.labels.length * 32 + 16,
    option: {
      grid: { left: 0, right: 8, top: 4, bottom: 4, containLabel: true },
      xAxis: { type: "value", show: false, min: -top, max: top },
      yAxis: {
        type: "category", inverse: true, data: figure.labels, axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { color: theme.ink, fontSize: SIZE },
      },
      series: [side(left, 0), side(right, 1)],
      tooltip: { ...common(theme).tooltip, trigger: "item", formatter: tip(figure) },
    },
  };
}

function curve(figure, theme, { narrow }) {
  const axis = (name) => ({
    type: "value", min: 0, max: 100, interval: 20, name, nameLocation: "middle",
    nameTextStyle: { color: theme.muted, fontSize: SIZE },
    axisLabel: { color: theme.muted, fontSize: SIZE, formatter: "{value}%" },
    axisLine: { show: true, lineStyle: { color: theme.rule } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.rule, type: [2, 4] } },
  });
  return {
    height: narrow ? 260 : 320,
    option: {
      grid: { left: 26, right: 16, top: 14, bottom: 26, containLabel: true },
      xAxis: { ...axis(figure.xName), nameGap: 28 },
      yAxis: { ...axis(figure.yName), nameGap: 42 },
      tooltip: { ...common(theme).tooltip, trigger: "item" },
      series: [
        {
          type: "line", data: [[0, 0], [100, 100]], symbol: "none", silent: true,
          lineStyle: { color: theme.muted, width: 1, type: [4, 4] },
        },
        {
          type: "line", data: figure.points, symbol: "none", silent: true,
          lineStyle: { color: theme.accent, width: 2.5 },
          areaStyle: { color: theme.accent, opacity: 0.08 },
          markPoint: {
            symbol: "circle", symbolSize: 9, silent: true,
            itemStyle: { color: theme.surface, borderColor: theme.accent, borderWidth: 2.5 },
            label: {
              position: "right", distance: 10, color: theme.ink, fontSize: SIZE + 1, fontWeight: 600,
              formatter: ({ dataIndex }) => figure.points_marked[dataIndex].text,
            },
            data: figure.points_marked.map(({ x, y }) => ({ coord: [x, y] })),
          },
        },
      ],
    },
  };
}
