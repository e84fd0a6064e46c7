// Heat map: rows × columns of counts, one hue from quiet to strong, the text of each cell readable on its shade.
const SIZE = 12;

export function heat(figure, theme, { narrow }) {
  const most = Math.max(1, ...figure.cells.map((cell) => cell.value));
  const axis = (data, name, gap) => ({
    type: "category", data, name, nameLocation: "middle", nameGap: gap,
    nameTextStyle: { color: theme.muted, fontSize: SIZE },
    axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: theme.ink, fontSize: SIZE },
    splitArea: { show: false },
  });
  const text = ({ dataIndex }) => figure.cells[dataIndex].text;
  return {
    height: narrow ? 300 : 340,
    option: {
      grid: { left: 30, right: 4, top: 6, bottom: 28, containLabel: true },
      xAxis: axis(figure.columns, figure.xName, 28),
      yAxis: axis(figure.rows, figure.yName, 32),
      visualMap: { show: false, min: 0, max: most, inRange: { color: [theme.low, theme.high] } },
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: theme.surface, borderColor: theme.rule,
        textStyle: { color: theme.ink, fontSize: SIZE, fontFamily: theme.font },
        formatter: ({ dataIndex }) => figure.cells[dataIndex].tip,
      },
      series: [{
        type: "heatmap",
        data: figure.cells.map((cell) => ({
          value: [cell.column, cell.row, cell.value],
          label: { color: cell.value / most > 0.7 ? theme.onHigh : theme.ink },
        })),
        label: { show: true, fontSize: SIZE, formatter: text },
        itemStyle: { borderColor: theme.surface, borderWidth: 2 },
        emphasis: { disabled: true },
      }],
    },
  };
}
