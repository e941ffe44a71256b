import { VisibilityMode } from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { quiet } from '../colors.ts'
import { type Built, frame, type Panel, valueTexts } from './panel.ts'
import { bottomLegend } from './time-series.ts'

/** Rows of states over time; `states` are the meanings and colours of the values 0, 1, 2 and so on. */
export function timeline(panel: Panel & { states: [text: string, color: string][] }): Built {
  const texts = panel.states.map(([text, color], value) => [value, { text, color }])
  const builder = frame(new StateTimeline(), panel)
    .unit('none')
    .mappings(valueTexts(Object.fromEntries(texts)))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(quiet))
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(bottomLegend)
  return { ...panel, builder }
}
