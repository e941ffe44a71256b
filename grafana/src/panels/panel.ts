import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DynamicConfigValue,
  FieldColorModeId,
  type Panel as GrafanaPanel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { linksFor } from '../glossary.ts'

export type Line = {
  /** The legend; `{{label}}` is replaced by the label's value. */
  name: string
  expr: string
  /** One colour, or a colour for each value of the label in `name`. */
  color?: string | Record<string, string>
  dashed?: boolean
  /** Returns nothing at times, although the panel always shows something. */
  mayBeEmpty?: boolean
}

/** Where several processes serve the API, a line for each, in shades of a colour: the other lines add them up. */
export function ofEachInstance(name: string, expr: string, color: string): Line {
  const several = `${expr} and on () (count(up{job="api"}) > 1)`
  return { name: `${name}, {{instance}}`, expr: several, color, mayBeEmpty: true }
}

export type Panel = {
  title: string
  description: string
  /** What a healthy service shows here. */
  good: string
  /** Width in 24 columns and height in rows of 30 pixels. */
  size: [width: number, height: number]
  lines: Line[]
  /** The event at which the panel must look different; the stack's test makes it happen. */
  changesWith: 'load' | 'outage' | 'attack' | 'saturation'
  /** Shows `noValue` instead of data until the event has happened once. */
  emptyBefore?: boolean
}

/** A panel as described, and its builder. */
export type Built = Panel & { builder: Builder<GrafanaPanel> }

export const prometheus = { type: 'prometheus', uid: 'prometheus' }
export const fixed = (color: string) => ({ mode: FieldColorModeId.Fixed, fixedColor: color })
export const refId = (index: number) => String.fromCharCode(65 + index)
export const valueTexts = (options: Record<string, { text: string; color: string }>) =>
  [{ type: 'value', options }] as ValueMapping[]

type Frame = {
  title(text: string): unknown
  description(text: string): unknown
  span(width: number): unknown
  height(rows: number): unknown
  datasource(source: typeof prometheus): unknown
  targets(queries: DataqueryBuilder[]): unknown
}

/** Sets what all kinds of panels have. */
export function frame<B extends Frame>(builder: B, panel: Panel, queries = queriesOf(panel.lines)): B {
  builder.title(panel.title)
  const words = linksFor(`${panel.title} ${panel.description} ${panel.good}`)
  builder.description(`${panel.description}\n\n**Good:** ${panel.good}${words && `\n\n**Words:** ${words}`}`)
  builder.span(panel.size[0])
  builder.height(panel.size[1])
  builder.datasource(prometheus)
  builder.targets(queries)
  return builder
}

/** The queries of a panel; an instant query asks for now only. */
export function queriesOf(lines: Line[], instant = false): DataqueryBuilder[] {
  return lines.map(({ name, expr }, index) => {
    const query = new DataqueryBuilder().refId(refId(index)).datasource(prometheus).expr(expr).legendFormat(name)
    return instant ? query.instant() : query.range()
  })
}

type Styled = {
  overrideByQuery(id: string, style: DynamicConfigValue[]): unknown
  overrideByName(name: string, style: DynamicConfigValue[]): unknown
}

/** Sets the colour and the dash of each line. */
export function style(builder: Styled, lines: Line[]): void {
  for (const [index, { name, color, dashed }] of lines.entries()) {
    const properties: DynamicConfigValue[] = []
    const mode = name.includes('{{instance}}') ? FieldColorModeId.Shades : FieldColorModeId.Fixed
    if (typeof color === 'string') properties.push({ id: 'color', value: { mode, fixedColor: color } })
    if (dashed) properties.push({ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } })
    if (properties.length > 0) builder.overrideByQuery(refId(index), properties)
    if (typeof color !== 'object') continue
    for (const [name, one] of Object.entries(color)) {
      builder.overrideByName(name, [{ id: 'color', value: fixed(one) }])
    }
  }
}
