// English and Chinese: the browser's language, or the one that was chosen. Texts stand beside what they belong to, both languages together, and
// the type checker finds the one that lacks a line.
import { remember, remembered } from "../state/memory.ts";

export type LanguageName = "en" | "zh";

const KEY = "language";

class LanguageSetting {
  #current = $state<LanguageName>(parse(remembered(KEY)) ?? ofBrowser());

  constructor() {
    document.documentElement.lang = this.#current;
  }

  get current(): LanguageName {
    return this.#current;
  }

  choose(name: LanguageName): void {
    this.#current = name;
    remember(KEY, name === ofBrowser() ? undefined : name);
    document.documentElement.lang = name;
  }
}

function parse(value: string | undefined): LanguageName | undefined {
  return value === "en" || value === "zh" ? value : undefined;
}

/** Chinese where the browser asks for it before English. */
function ofBrowser(): LanguageName {
  const first = navigator.languages.find((name) => /^(en|zh)\b/i.test(name));
  return first?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = new LanguageSetting();

/** A text, a text with numbers or names in it, a list of texts, or a group of them. */
// biome-ignore lint/suspicious/noExplicitAny: a message takes whatever its caller has.
export type Message = string | ((...values: any[]) => string) | readonly string[] | { readonly [key: string]: Message };

/** The same messages in another language: as many, of the same names, with the same values. */
export type Translated<M> = M extends string
  ? string
  : // biome-ignore lint/suspicious/noExplicitAny: see Message.
    M extends (...values: any[]) => string
    ? M
    : M extends readonly string[]
      ? { readonly [K in keyof M]: string }
      : { readonly [K in keyof M]: Translated<M[K]> };

export interface Texts<M> {
  /** In the reader's language; read where it is shown, so that it changes with it. */
  readonly now: M;
}

export function texts<const M extends { readonly [key: string]: Message }>(
  en: M,
  zh: NoInfer<Translated<M>>,
): Texts<Translated<M>> {
  return {
    get now() {
      return language.current === "zh" ? zh : (en as unknown as Translated<M>);
    },
  };
}

/** A text of the books' registry, which holds both languages. */
export function say(both: { readonly en: string; readonly zh: string }): string {
  return both[language.current];
}
