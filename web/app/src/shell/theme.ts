// The look: antd with one accent, chosen so that text and controls keep WCAG AA contrast in light and dark.
import { theme, type ThemeConfig } from "antd";

export function themeOf(dark: boolean): ThemeConfig {
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    cssVar: {},
    hashed: false,
    token: {
      colorPrimary: dark ? "#5b9bff" : "#0b57c4",
      ...(dark ? {} : { colorPrimaryHover: "#2466cc" }),
      colorLink: dark ? "#7fb2ff" : "#0b57c4",
      colorTextSecondary: dark ? "rgba(255,255,255,0.72)" : "rgba(0,0,0,0.68)",
      colorTextTertiary: dark ? "rgba(255,255,255,0.62)" : "rgba(0,0,0,0.6)",
      colorTextDescription: dark ? "rgba(255,255,255,0.68)" : "rgba(0,0,0,0.62)",
      colorTextPlaceholder: dark ? "rgba(255,255,255,0.55)" : "rgba(0,0,0,0.56)",
      colorSuccess: dark ? "#4fbf73" : "#137a3d",
      colorWarning: dark ? "#e0a63a" : "#8f5a00",
      colorError: dark ? "#ff7a73" : "#c4231a",
      ...(dark ? {} : {
        colorInfoBg: "#eef4fe", colorInfoBorder: "#b9d2f8", colorSuccessBg: "#eefaf2", colorSuccessBorder: "#b3dfc3",
        colorWarningBg: "#fff8e5", colorWarningBorder: "#efd48a", colorErrorBg: "#fff1f0", colorErrorBorder: "#f3b6b1",
      }),
      borderRadius: 6,
      motion: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: "-apple-system, 'Segoe UI', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
    },
    components: {
      Layout: { siderBg: dark ? "#141414" : "#ffffff", headerBg: dark ? "#141414" : "#ffffff", bodyBg: dark ? "#0c0c0d" : "#f4f5f7" },
      Menu: { itemSelectedColor: dark ? "#a8cbff" : "#0b57c4", itemSelectedBg: dark ? "#1b2c46" : "#e8f0fd", subMenuItemSelectedColor: dark ? "#a8cbff" : "#0b57c4" },
      Table: { cellPaddingBlockSM: 6 },
      Button: { primaryColor: dark ? "#0c0c0d" : "#ffffff" },
    },
  };
}

/** Colours of series in charts, told apart also by people who see red and green alike. */
export const SERIES = { light: ["#0b57c4", "#c8590a", "#127a6b", "#7a3fb0", "#8a6d00", "#b0305c", "#4a5a6a", "#2f7d32"], dark: ["#6aa5ff", "#f0964a", "#4cc0ae", "#b98cf0", "#d6b84a", "#f07fa5", "#9fb0c0", "#7cc47f"] };
