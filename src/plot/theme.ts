// Colours by role. A drawing names roles only; the palette behind them is light, dark, or a set of CSS variables, with
// which one drawing in a page follows the reader's own light or dark setting.

export type Theme = "light" | "dark" | "page";

export interface Palette {
  readonly paper: string;
  /** Text, and the same weaker for what should stand back. */
  readonly ink: string;
  readonly muted: string;
  readonly axis: string;
  readonly grid: string;
  /** Text on the far end of a ramp. */
  readonly onStrong: string;
  /** Told apart also by readers who do not see red and green as others do. */
  readonly series: readonly string[];
  /** From next to nothing to much. */
  readonly sequential: readonly string[];
  /** Negative, nothing, positive. */
  readonly diverging: readonly string[];
}

/** The number of colours in a ramp; odd, so that a diverging ramp has a middle. */
const rampLength = 33;

const light: Palette = {
  paper: "#ffffff",
  ink: "#1b2530",
  muted: "#5b6876",
  axis: "#9aa5b1",
  grid: "#e8ebef",
  onStrong: "#ffffff",
  series: ["#2462a8", "#d0681e", "#23877a", "#a83a5b", "#7657a6", "#94791a", "#56708a", "#b0608c"],
  sequential: ramp(["#f1f5f8", "#c3dcea", "#79b4d4", "#3a83b8", "#1d5792", "#12356a"]),
  diverging: ramp(["#17559b", "#6fa6d6", "#f2f3f4", "#e79a6a", "#b0461a"]),
};

const dark: Palette = {
  paper: "#161b21",
  ink: "#e7ebef",
  muted: "#a0acb8",
  axis: "#66727f",
  grid: "#272f37",
  onStrong: "#0e1419",
  series: ["#74aeea", "#ee9c5c", "#56c0ae", "#ec7f9b", "#b59be0", "#d2b651", "#9cb3c9", "#e195bf"],
  sequential: ramp(["#1f2831", "#1f4263", "#2770a6", "#43a3cc", "#8fd3dd", "#def5e6"]),
  diverging: ramp(["#8cc4fa", "#3a79b8", "#232a32", "#b5602f", "#ffb07d"]),
};

const page: Palette = {
  paper: "var(--paper)",
  ink: "var(--ink)",
  muted: "var(--muted)",
  axis: "var(--axis)",
  grid: "var(--grid)",
  onStrong: "var(--on-strong)",
  series: light.series.map((_, i) => `var(--series-${i})`),
  sequential: light.sequential.map((_, i) => `var(--ramp-${i})`),
  diverging: light.diverging.map((_, i) => `var(--diverging-${i})`),
};

export const palettes: Readonly<Record<Theme, Palette>> = { light, dark, page };

/** The CSS declarations that give the `"page"` palette its colours. */
export function paletteVariables(theme: "light" | "dark"): string {
  const from = palettes[theme];
  const named = [
    `--paper:${from.paper}`,
    `--ink:${from.ink}`,
    `--muted:${from.muted}`,
    `--axis:${from.axis}`,
    `--grid:${from.grid}`,
    `--on-strong:${from.onStrong}`,
  ];
  const listed = (name: string, list: readonly string[]) => list.map((colour, i) => `--${name}-${i}:${colour}`);
  return [
    ...named,
    ...listed("series", from.series),
    ...listed("ramp", from.sequential),
    ...listed("diverging", from.diverging),
  ].join(";");
}

/** The colour at `share` (0 to 1, clamped) of a ramp. */
export function rampColour(colours: readonly string[], share: number): string {
  const clamped = Math.min(1, Math.max(0, share));
  return colours[Math.round(clamped * (colours.length - 1))];
}

/** The text colour that can be read on `rampColour(…, share)`. */
export function textOnRamp(palette: Palette, share: number, diverging: boolean): string {
  const strength = diverging ? Math.abs(share - 0.5) * 2 : share;
  return strength > 0.55 ? palette.onStrong : palette.ink;
}

export function seriesColour(palette: Palette, index: number): string {
  return palette.series[index % palette.series.length];
}

/** Colours between the given ones, spaced evenly in OKLab, where equal steps look equal. */
function ramp(stops: readonly string[]): string[] {
  const points = stops.map((stop) => toLab(channelsOf(stop)));
  return Array.from({ length: rampLength }, (_, i) => {
    const place = (i / (rampLength - 1)) * (points.length - 1);
    const left = Math.min(points.length - 2, Math.floor(place));
    const share = place - left;
    const mixed = points[left].map((value, k) => value * (1 - share) + points[left + 1][k] * share);
    return hexOf(fromLab(mixed));
  });
}

/** Red, green and blue, 0 to 255, of `#rrggbb`. */
export function channelsOf(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function hexOf(channels: readonly number[]): string {
  const bytes = channels.map((value) => Math.min(255, Math.max(0, Math.round(value))));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020.
function toLab(channels: readonly number[]): number[] {
  const [r, g, b] = channels.map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromLab([lightness, a, b]: readonly number[]): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => {
    const c = Math.max(0, value);
    return 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);
  });
}
