import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { colors } from '../colors.ts'
import { fixed, type Panel, prometheus, queries, styles } from './panel.ts'

/** Lines over time. `goals` are drawn as dashed lines; `colorOf` colours series by what their legend says. */
export function timeSeries(
  panel: Panel & {
    unit: string
    decimals?: number
    max?: number
    /** The axis reaches at least so far, so that the goals are always in sight. */
    atLeast?: number
    /** 0 unless values may be negative: then undefined lets Grafana choose. */
    min?: number | undefined
    stacked?: boolean
    goals?: number[]
    colorOf?: Record<string, string>
  },
): TimeSeries {
  const builder = new TimeSeries()
    .title(panel.title)
    .description(panel.description)
    .span(panel.size[0])
    .height(panel.size[1])
    .datasource(prometheus)
    .unit(panel.unit)
    .targets(queries(panel.lines))
    .lineWidth(panel.stacked ? 0 : 2)
    .fillOpacity(panel.stacked ? 60 : 0)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
  const { min = 'min' in panel ? undefined : 0 } = panel
  if (min !== undefined) builder.min(min)
  if (panel.max !== undefined) builder.max(panel.max)
  // By itself an axis of nothing but zeros would reach to 100.
  const { atLeast = /reqps|ops|short/.test(panel.unit) ? 1 : undefined } = panel
  if (atLeast !== undefined) builder.axisSoftMax(atLeast)
  if (panel.decimals !== undefined) builder.decimals(panel.decimals)
  if (panel.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  if (panel.goals) {
    const steps = panel.goals.map((value) => ({ value, color: colors.goal }))
    builder
      .thresholds(
        new ThresholdsConfigBuilder()
          .mode(ThresholdsMode.Absolute)
          .steps([{ value: null, color: 'transparent' }, ...steps]),
      )
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  }
  for (const [id, style] of styles(panel.lines)) builder.overrideByQuery(id, style)
  for (const [name, color] of Object.entries(panel.colorOf ?? {})) {
    builder.overrideByName(name, [{ id: 'color', value: fixed(color) }])
  }
  return builder
}
