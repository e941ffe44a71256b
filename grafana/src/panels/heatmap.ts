import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { colors } from '../colors.ts'
import { type Panel, prometheus, queries } from './panel.ts'

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
