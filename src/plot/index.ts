// The entry `nabla/plot`: charts as data, drawn to SVG and to pages. Runs in every JavaScript engine.
export type * from "./chart.ts";
export { say } from "./chart.ts";
export { type Block, type KeyFigure, type Page, renderPage, type Section, type Span, type Table } from "./page.ts";
export { formatNumber, formatPercent } from "./scale.ts";
export { renderSvg, type SvgOptions } from "./svg.ts";
