import {
  LegendDisplayMode,
  LegendPlacement,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { type Built, frame, type Panel, style } from './panel.ts'

export const bottomLegend = new VizLegendOptionsBuilder()
  .showLegend(true)
  .displayMode(LegendDisplayMode.List)
  .placement(LegendPlacement.Bottom)

type Chart = Panel & {
  unit: string
  decimals?: number
  /** The axis reaches at least this far. An axis of nothing but zeros would reach to 100. */
  atLeast?: number
  /** Values may be negative. */
  signed?: boolean
  /** Each step of the axis is ten times the last, so that 1 ms and a goal of 300 ms are both readable. */
  logarithmic?: boolean
  stacked?: boolean
}

/** Lines over time. */
export function timeSeries(chart: Chart): Built {
  const description = `${chart.description}${chart.logarithmic ? ' Each step of the axis is ten times the last.' : ''}`
  const panel = { ...chart, description }
  const builder = frame(new TimeSeries(), panel)
    .unit(panel.unit)
    .lineWidth(panel.stacked ? 0 : 2)
    .fillOpacity(panel.stacked ? 90 : 0)
    .showPoints(VisibilityMode.Never)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(bottomLegend)
  const { atLeast = /reqps|ops|short|locale/.test(panel.unit) ? 1 : undefined } = panel
  if (atLeast !== undefined) builder.axisSoftMax(atLeast)
  if (panel.logarithmic) {
    builder.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10))
  } else if (!panel.signed) builder.min(0)
  if (panel.decimals !== undefined) builder.decimals(panel.decimals)
  if (panel.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  style(builder, panel.lines)
  return { ...panel, builder }
}
