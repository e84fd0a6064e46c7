// Texts in Chinese (the default) and English. A catalogue holds both languages side by side; a text that lacks its twin doesn't compile.
import { createContext, useContext } from "react";

export type Language = "zh-CN" | "en";
type Text = string | ((...values: never[]) => string);
export type Texts = { readonly [key: string]: Text | Texts };
type Twin<T> = {
  readonly [K in keyof T]: T[K] extends (...values: infer A) => string ? (...values: A) => string : T[K] extends string ? string : Twin<T[K]>;
};
export type Catalogue<T> = Readonly<Record<Language, T>>;

/** Makes a catalogue of the Chinese texts and their English twins. */
export function define<T extends Texts>(zh: T, en: Twin<T>): Catalogue<T> {
  return { "zh-CN": zh, en: en as unknown as T };
}

export const LanguageContext = createContext<Language>("zh-CN");

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** The texts of a catalogue in the language of the page. */
export function useTexts<T>(catalogue: Catalogue<T>): T {
  return catalogue[useLanguage()];
}

/** Picks the title of a definition: a text, or one for each language. */
export function titleOf(title: unknown, fallback: string, language: Language): string {
  if (typeof title === "string" && title) return title;
  if (title && typeof title === "object") {
    const both = title as { zh?: string; en?: string };
    return (language === "en" ? both.en ?? both.zh : both.zh ?? both.en) || fallback;
  }
  return fallback;
}
