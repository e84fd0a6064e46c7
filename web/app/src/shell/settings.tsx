// What the reader chose: language and appearance. Kept in this browser, and with the account when somebody is logged in.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { LanguageContext, type Language } from "../i18n";
import { call, speak } from "../api/client";

export type Appearance = "system" | "light" | "dark";

interface Settings {
  readonly language: Language;
  readonly appearance: Appearance;
  readonly dark: boolean;
  readonly choose: (wanted: { language?: Language; appearance?: Appearance }) => void;
  /** Takes over what the account prefers, without writing it back. */
  readonly adopt: (wanted: { language?: string | null; theme?: string | null }) => void;
}

const SettingsContext = createContext<Settings | null>(null);
const KEY = "huaxiang.settings";

function kept(): { language: Language; appearance: Appearance } {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as { language?: string; appearance?: string };
    return {
      language: found.language === "en" ? "en" : "zh-CN",
      appearance: found.appearance === "light" || found.appearance === "dark" ? found.appearance : "system",
    };
  } catch {
    return { language: "zh-CN", appearance: "system" };
  }
}

export function SettingsProvider({ children }: { children: ReactNode }) {
  const [chosen, setChosen] = useState(kept);
  const [systemDark, setSystemDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setSystemDark(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  const dark = chosen.appearance === "dark" || (chosen.appearance === "system" && systemDark);
  speak(chosen.language);
  useEffect(() => {
    localStorage.setItem(KEY, JSON.stringify(chosen));
    document.documentElement.lang = chosen.language;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [chosen, dark]);
  const settings = useMemo<Settings>(
    () => ({
      ...chosen,
      dark,
      choose: (wanted) => {
        setChosen((now) => ({ ...now, ...wanted }));
        const told = { language: wanted.language, theme: wanted.appearance };
        void call("PATCH", "/session", { body: told }).catch(() => undefined); // without an account it stays in this browser
      },
      adopt: ({ language, theme }) =>
        setChosen((now) => ({
          language: language === "en" || language === "zh-CN" ? language : now.language,
          appearance: theme === "light" || theme === "dark" || theme === "system" ? theme : now.appearance,
        })),
    }),
    [chosen, dark],
  );
  return (
    <SettingsContext.Provider value={settings}>
      <LanguageContext.Provider value={chosen.language}>{children}</LanguageContext.Provider>
    </SettingsContext.Provider>
  );
}

export function useSettings(): Settings {
  const found = useContext(SettingsContext);
  if (!found) throw new Error("no settings");
  return found;
}
