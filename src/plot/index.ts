// The entry `nabla/plot`: charts as data, drawn to SVG and to pages. Runs in every JavaScript engine.
export type * from "./chart.ts";
export { say } from "./chart.ts";
export {
  type AttackChartOptions,
  attackChart,
  type CurveOfSuccess,
  type FeatureMapsChartOptions,
  type FiltersAt,
  type FiltersChartOptions,
  type FiltersOverEpochsOptions,
  featureMapsChart,
  filtersChart,
  filtersOverEpochsChart,
  type MistakesChartOptions,
  mistakesChart,
  type Pictures,
  type SaliencyChartOptions,
  type SuccessChartOptions,
  saliencyChart,
  successChart,
} from "./inside.ts";
export { type Block, type KeyFigure, type Page, renderPage, type Section, type Span, type Table } from "./page.ts";
export { formatNumber, formatPercent } from "./scale.ts";
export { renderSvg, type SvgOptions } from "./svg.ts";
