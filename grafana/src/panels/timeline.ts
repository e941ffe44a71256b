import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { colors } from '../colors.ts'
import { type Panel, prometheus, queries } from './panel.ts'

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
