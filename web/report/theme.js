// Colours and type come from the style sheet's custom properties, so that screen, dark mode and paper agree.
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    accent: read("--accent"),
    soft: read("--chart-soft"),
    other: read("--chart-other"),
    ink: read("--ink"),
    muted: read("--muted"),
    rule: read("--rule"),
    surface: read("--surface"),
    low: read("--heat-low"),
    high: read("--heat-high"),
    onHigh: read("--on-heat"),
    font: getComputedStyle(document.body).fontFamily,
  };
}
