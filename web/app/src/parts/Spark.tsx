/** A trend without axes: the last value is marked, words stand in its label. */
export function Spark({ values, label, width = 96, height = 24 }: { values: readonly number[]; label: string; width?: number; height?: number }) {
  if (values.length < 2) return <span className="quiet">–</span>;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const x = (n: number) => 3 + (n / (values.length - 1)) * (width - 6);
  const y = (v: number) => height - 4 - ((v - low) / span) * (height - 8);
  const last = values.length - 1;
  return (
    <svg width={width} height={height} role="img" aria-label={label} className="spark">
      <polyline points={values.map((v, n) => `${x(n).toFixed(1)},${y(v).toFixed(1)}`).join(" ")} fill="none" stroke="var(--ant-color-primary)" strokeWidth="1.5" strokeLinejoin="round" />
      <circle cx={x(last)} cy={y(values[last] as number)} r="2.5" fill="var(--ant-color-primary)" />
    </svg>
  );
}
