// Light or dark: the reader's setting, or what was chosen here. Drawings take the palettes of src/plot, so that a figure looks the same in a
// report, in the guide and here.
import { palettes, paletteVariables } from "../../../src/plot/theme.ts";
import { remember, remembered } from "../state/memory.ts";

export type Theme = "light" | "dark";

const KEY = "theme";
const asked = globalThis.matchMedia("(prefers-color-scheme: dark)");

class ThemeSetting {
  #system = $state<Theme>(asked.matches ? "dark" : "light");
  #chosen = $state<Theme | undefined>(parse(remembered(KEY)));

  constructor() {
    asked.addEventListener("change", () => {
      this.#system = asked.matches ? "dark" : "light";
      this.#show();
    });
    const style = document.createElement("style");
    style.textContent = (["light", "dark"] as const)
      .map((theme) => `:root[data-theme="${theme}"]{${paletteVariables(theme)}}`)
      .join("");
    document.head.prepend(style);
    this.#show();
  }

  get current(): Theme {
    return this.#chosen ?? this.#system;
  }

  /** The colours of drawings on a canvas, which knows no CSS variables. */
  get palette(): (typeof palettes)["light"] {
    return palettes[this.current];
  }

  choose(theme: Theme): void {
    // Back at the system's own setting, it is followed again.
    this.#chosen = theme === this.#system ? undefined : theme;
    remember(KEY, this.#chosen);
    this.#show();
  }

  toggle(): void {
    this.choose(this.current === "dark" ? "light" : "dark");
  }

  #show(): void {
    document.documentElement.dataset["theme"] = this.current;
  }
}

function parse(value: string | undefined): Theme | undefined {
  return value === "light" || value === "dark" ? value : undefined;
}

export const theme = new ThemeSetting();
