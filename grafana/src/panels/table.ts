import { TableCellBackgroundDisplayMode, TableCellDisplayMode } from '@grafana/grafana-foundation-sdk/common'
import { type DynamicConfigValue, MappingType, SpecialValueMatch } from '@grafana/grafana-foundation-sdk/dashboard'
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { tiles } from '../colors.ts'
import { type Built, frame, type Line, type Panel, queriesOf, refId } from './panel.ts'

// A cell without a value: the fault has not ended.
const notYet = { text: 'not yet', color: tiles.info }

/** A row for each value of `label`, a column for each line. A value above the line's `goal` has a red background. */
export function table(
  panel: Panel & {
    label: string
    heading: string
    unit: string
    lines: (Line & { goal?: number; unit?: string })[]
    noValue: string
  },
): Built {
  const queries = queriesOf(panel.lines, true).map((query) => query.format(PromQueryFormat.Table))
  const headings = panel.lines.map(({ name }, index) => [`Value #${refId(index)}`, name])
  const builder = frame(new Table(), panel, queries)
    .unit(panel.unit)
    .decimals(2)
    .noValue(panel.noValue)
    .mappings([{ type: MappingType.SpecialValue, options: { match: SpecialValueMatch.Null, result: notYet } }])
    .minWidth(130) // narrower headings are cut off; a narrow screen scrolls
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          renameByName: { ...Object.fromEntries(headings), [panel.label]: panel.heading },
        },
      },
    ])
  for (const { name, goal, unit } of panel.lines) {
    if (goal !== undefined) builder.overrideByName(name, above(goal))
    if (unit !== undefined) builder.overrideByName(name, [{ id: 'unit', value: unit }])
  }
  return { ...panel, builder }
}

function above(goal: number): DynamicConfigValue[] {
  const steps = [
    { value: null, color: tiles.good },
    { value: goal, color: tiles.bad },
  ]
  const cell = { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic }
  return [
    { id: 'thresholds', value: { mode: 'absolute', steps } },
    { id: 'custom.cellOptions', value: cell },
  ]
}
