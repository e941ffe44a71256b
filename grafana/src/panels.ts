import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Text } from '@grafana/grafana-foundation-sdk/text'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { colors } from './colors.ts'

/** One query; `name` is its legend, in which `{{label}}` is filled in. Without a colour each series gets its own. */
export type Line = { name: string; expr: string; color?: string; dashed?: boolean }

type Panel = {
  title: string
  /** What the panel shows, for the one who sees it for the first time. */
  description: string
  /** Width of 24 columns and height in rows of 30 pixels. */
  size: [width: number, height: number]
  lines: Line[]
}

export const prometheus = { type: 'prometheus', uid: 'prometheus' }
const fixed = (color: string) => ({ mode: FieldColorModeId.Fixed, fixedColor: color })
const refId = (index: number) => String.fromCharCode(65 + index)

function queries(lines: Line[], instant = false): DataqueryBuilder[] {
  return lines.map(({ name, expr }, index) => {
    const query = new DataqueryBuilder().refId(refId(index)).datasource(prometheus).expr(expr).legendFormat(name)
    return instant ? query.instant() : query.range()
  })
}

function* styles(lines: Line[]): Generator<[refId: string, DynamicConfigValue[]]> {
  for (const [index, { color, dashed }] of lines.entries()) {
    const style: DynamicConfigValue[] = []
    if (color) style.push({ id: 'color', value: fixed(color) })
    if (dashed) style.push({ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } })
    if (style.length > 0) yield [refId(index), style]
  }
}

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
  if (panel.atLeast !== undefined) builder.axisSoftMax(panel.atLeast)
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

/** Numbers now, on a coloured ground; `plain` colours the figures instead. `from` says from which value on it has which colour, ascending. */
export function number(
  panel: Panel & {
    unit: string
    decimals?: number
    from: [value: number | null, color: string][]
    texts?: Record<string, { text: string; color: string }>
    plain?: boolean
    noValue: string
  },
): Stat {
  return big(panel)
    .unit(panel.unit)
    .decimals(panel.decimals ?? 0)
    .noValue(panel.noValue)
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(panel.from.map(([value, color]) => ({ value, color }))),
    )
    .mappings(panel.texts ? [{ type: 'value', options: panel.texts } as ValueMapping] : [])
    .textMode(BigValueTextMode.Auto)
    .colorMode(panel.plain ? BigValueColorMode.Value : BigValueColorMode.Background)
}

/** What is so now, as words: the legend of each series, on its line's colour. */
export function words(panel: Panel & { noValue: string }): Stat {
  const builder = big(panel)
    .unit('none')
    .textMode(BigValueTextMode.Name)
    .orientation(VizOrientation.Horizontal)
    .noValue(panel.noValue)
  for (const [id, style] of styles(panel.lines)) builder.overrideByQuery(id, style)
  return builder
}

/** Rows of yes and no over time; `yes` and `no` name what 1 and 0 mean. */
export function timeline(panel: Panel & { yes: string; no: string; color: string }): StateTimeline {
  const options = { 0: { text: panel.no, color: colors.nothing }, 1: { text: panel.yes, color: panel.color } }
  return new StateTimeline()
    .title(panel.title)
    .description(panel.description)
    .span(panel.size[0])
    .height(panel.size[1])
    .datasource(prometheus)
    .unit('none')
    .targets(queries(panel.lines))
    .mappings([{ type: 'value', options } as ValueMapping])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colors.nothing))
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
}

/** How many requests took how long, over time: the darker, the more. Its one line gives a histogram's buckets. */
export function heatmap(panel: Panel): Heatmap {
  return new Heatmap()
    .title(panel.title)
    .description(panel.description)
    .span(panel.size[0])
    .height(panel.size[1])
    .datasource(prometheus)
    .targets(queries(panel.lines).map((query) => query.format(PromQueryFormat.Heatmap)))
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit('s'))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Opacity).fill(colors.server).exponent(0.5).steps(64))
    .hideLegend()
}

function big(panel: Panel): Stat {
  return new Stat()
    .title(panel.title)
    .description(panel.description)
    .span(panel.size[0])
    .height(panel.size[1])
    .datasource(prometheus)
    .targets(queries(panel.lines, true))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
}

/** How to read the dashboard and what to try. */
export function text(content: string, height = 2): Text {
  return new Text().title('').span(24).height(height).transparent(true).content(content)
}
