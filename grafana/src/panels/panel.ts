import { type DynamicConfigValue, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'

/** One query; `name` is its legend, in which `{{label}}` is filled in. Without a colour each series gets its own. */
export type Line = { name: string; expr: string; color?: string; dashed?: boolean }

export type Panel = {
  title: string
  /** What the panel shows, for the one who sees it for the first time. */
  description: string
  /** Width of 24 columns and height in rows of 30 pixels. */
  size: [width: number, height: number]
  lines: Line[]
}

export const prometheus = { type: 'prometheus', uid: 'prometheus' }
export const fixed = (color: string) => ({ mode: FieldColorModeId.Fixed, fixedColor: color })
const refId = (index: number) => String.fromCharCode(65 + index)

/** The queries of a panel; an instant one asks for now only. */
export function queries(lines: Line[], instant = false): DataqueryBuilder[] {
  return lines.map(({ name, expr }, index) => {
    const query = new DataqueryBuilder().refId(refId(index)).datasource(prometheus).expr(expr).legendFormat(name)
    return instant ? query.instant() : query.range()
  })
}

/** Colour and dash of each line that has one, by the query it comes from. */
export function* styles(lines: Line[]): Generator<[refId: string, DynamicConfigValue[]]> {
  for (const [index, { color, dashed }] of lines.entries()) {
    const style: DynamicConfigValue[] = []
    if (color) style.push({ id: 'color', value: fixed(color) })
    if (dashed) style.push({ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } })
    if (style.length > 0) yield [refId(index), style]
  }
}
