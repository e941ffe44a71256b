import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { type Panel, prometheus, queries, styles } from './panel.ts'

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
    .text(new VizTextDisplayOptionsBuilder().titleSize(22).valueSize(22)) // or several shrink until nobody can read them
    .noValue(panel.noValue)
  for (const [id, style] of styles(panel.lines)) builder.overrideByQuery(id, style)
  return builder
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
