import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { colors } from '../colors.ts'
import { type Built, frame, type Panel, queriesOf } from './panel.ts'

/**
 * The opacity of a cell is ((value - min) / (largest - min)) ** exponent. With a `min` below zero the rarest cell keeps a
 * third of the colour at 500 requests/s; with 0 it would be invisible, and rare slow requests are the interesting ones.
 */
export const heat = { min: -60, exponent: 0.5 }

/** Requests by duration and time; its one line returns the buckets of a histogram. */
export function heatmap(panel: Panel): Built {
  const queries = queriesOf(panel.lines).map((query) => query.format(PromQueryFormat.Heatmap))
  const builder = frame(new Heatmap(), panel, queries)
    .calculate(false)
    .cellGap(0) // with gaps a rare cell fades on a narrow screen
    .yAxis(new YAxisConfigBuilder().unit('s'))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Opacity)
        .fill(colors.serverLight)
        .scale(HeatmapColorScale.Exponential)
        .exponent(heat.exponent)
        .min(heat.min)
        .steps(64),
    )
    .hideLegend()
  return { ...panel, builder }
}
