import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { type Built, frame, type Panel, queriesOf, style, valueTexts } from './panel.ts'

type Number = Panel & {
  unit: string
  decimals?: number
  /** The background colour from each value on, ascending. */
  from: [value: number | null, color: string][]
  texts?: Record<string, { text: string; color: string }>
  /** Shows the legend beside the value. */
  named?: boolean
  /** Draws the last minutes behind the value, and colours the value instead of the background. */
  trend?: boolean
  noValue: string
}

/** Numbers, usually on a coloured background. */
export function number(panel: Number): Built {
  const builder = tile(panel, !panel.trend)
    .unit(panel.unit)
    .decimals(panel.decimals ?? 0)
    .noValue(panel.noValue)
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps(panel.from.map(([value, color]) => ({ value, color }))),
    )
    .mappings(panel.texts ? valueTexts(panel.texts) : [])
    .wideLayout(false) // the name above the value
    .textMode(panel.named ? BigValueTextMode.ValueAndName : BigValueTextMode.Auto)
    .graphMode(panel.trend ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .colorMode(panel.trend ? BigValueColorMode.Value : BigValueColorMode.BackgroundSolid)
  return { ...panel, builder }
}

/** The legends of the series that exist now, each on its line's colour. A legend in `links` opens its links. */
export function words(
  panel: Panel & { noValue: string; links?: Record<string, { title: string; url: string }[]> },
): Built {
  const builder = tile(panel, true)
    .unit('none')
    .textMode(BigValueTextMode.Name)
    .orientation(VizOrientation.Horizontal)
    .text(new VizTextDisplayOptionsBuilder().titleSize(16).valueSize(16)) // without it several names become too small to read
    .noValue(panel.noValue)
  style(builder, panel.lines)
  for (const [name, links] of Object.entries(panel.links ?? {})) {
    builder.overrideByName(name, [{ id: 'links', value: links }])
  }
  return { ...panel, builder }
}

function tile(panel: Panel, instant: boolean): Stat {
  return frame(new Stat(), panel, queriesOf(panel.lines, instant))
    .colorMode(BigValueColorMode.BackgroundSolid)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
}
