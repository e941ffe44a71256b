import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startApi } from '../../api/test/start-api.ts'
import { outcomes } from '../../lab/src/attacks/attack.ts'
import { pages } from '../src/all.ts'
import * as palette from '../src/colors.ts'
import { heat } from '../src/panels/heatmap.ts'
import { metricOf, seriesIn } from '../src/promql.ts'
import { rules } from '../src/rules.ts'

type Color = [red: number, green: number, blue: number]
// Grafana's panels and the near-white that it writes on dark colours.
const white: Color = [255, 255, 255]
const dark: Color = [24, 27, 31]
const nearWhite: Color = [247, 248, 250]

const rgb = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Color

// WCAG 2: relative luminance and contrast.
function luminance(color: Color): number {
  const [red = 0, green = 0, blue = 0] = color.map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
function contrast(one: Color, other: Color): number {
  const [light = 0, less = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (less + 0.05)
}

const lines = pages().flatMap(({ dashboard, panels }) =>
  panels.flatMap((panel) => panel.lines.map((line) => ({ panel: `${dashboard.uid}, ${panel.title}`, ...line }))),
)

test('a contrast is computed as WCAG does', () => {
  assert.equal(contrast(white, [0, 0, 0]).toFixed(1), '21.0')
  assert.equal(contrast(rgb('#767676'), white).toFixed(2), '4.54')
})

test('text on tiles has a contrast of at least 4.5', () => {
  for (const [name, color] of Object.entries(palette.tiles)) {
    const [red, green, blue] = rgb(color)
    // Grafana writes in black on colours brighter than this.
    assert.ok((red * 299 + green * 587 + blue * 114) / 1000 <= 180, `${name} is dark enough for white text`)
    assert.ok(contrast(rgb(color), nearWhite) >= 4.5, `${name}: ${contrast(rgb(color), nearWhite).toFixed(2)}`)
  }
})

test('tiles use only the grounds that were checked', () => {
  const grounds = new Set<string>(Object.values(palette.tiles))
  for (const { dashboard } of pages()) {
    for (const panel of dashboard.panels ?? []) {
      if (panel.type !== 'stat' || panel.options?.colorMode !== 'background_solid') continue
      const used = JSON.stringify(panel).match(/#[0-9A-F]{6}/gi) ?? []
      for (const color of used) assert.ok(grounds.has(color), `${dashboard.uid}: ${color}`)
    }
  }
})

test('lines have a contrast of at least 3 on white and 2.9 on dark panels', () => {
  const used = new Set(lines.flatMap(({ color }) => (typeof color === 'object' ? Object.values(color) : (color ?? []))))
  for (const color of used) {
    if (Object.values<string>(palette.tiles).includes(color)) continue
    assert.ok(contrast(rgb(color), white) >= 3, `${color} on white: ${contrast(rgb(color), white).toFixed(2)}`)
    assert.ok(contrast(rgb(color), dark) >= 2.9, `${color} on dark: ${contrast(rgb(color), dark).toFixed(2)}`)
  }
})

test('the rarest cell of the heat map is visible on both themes at 500 requests/s', () => {
  const opacity = (-heat.min / (500 - heat.min)) ** heat.exponent
  for (const ground of [white, dark]) {
    const cell = rgb(palette.colors.serverLight).map((value, i) => opacity * value + (1 - opacity) * (ground[i] ?? 0))
    assert.ok(contrast(cell as Color, ground) >= 1.3, contrast(cell as Color, ground).toFixed(2))
  }
})

test('the colours of the bands of faults and loads mean nothing else', () => {
  const { fault, load } = palette.colors
  for (const { dashboard } of pages()) {
    const used = new Set(JSON.stringify(dashboard.panels).match(/#[0-9A-F]{6}/gi))
    assert.deepEqual([used.has(fault), used.has(load)], [false, false], String(dashboard.uid))
    assert.deepEqual(new Set(dashboard.annotations?.list?.map(({ iconColor }) => iconColor)), new Set([fault, load]))
  }
})

test('every line of a chart has a colour, and no two lines of a chart share one', () => {
  for (const { dashboard, panels } of pages()) {
    for (const [index, panel] of panels.entries()) {
      if (dashboard.panels?.[index + 1]?.type !== 'timeseries') continue
      const plain = panel.lines.filter(({ dashed }) => !dashed).map(({ name, color }) => [name, color] as const)
      for (const [name, color] of plain) assert.ok(color, `${dashboard.uid}, ${panel.title}: ${name} has no colour`)
      const used = plain.flatMap(([, color]) => (typeof color === 'object' ? Object.values(color) : (color ?? [])))
      assert.equal(new Set(used).size, used.length, `${dashboard.uid}, ${panel.title}: ${used}`)
    }
  }
})

test('every value that a label can have has a colour', async () => {
  let page = ''
  for (const AUTH of ['jwt', 'session']) {
    const api = await startApi({ after } as never, { AUTH })
    page += await (await fetch(api.metricsUrl)).text()
    await api.stop()
  }
  const known: Record<string, string[]> = {
    lab_attack_attempts_total: [...outcomes],
    'api:signal:zscore': rules().flatMap(({ record, labels }) =>
      record === 'api:signal:value' ? (labels?.signal ?? []) : [],
    ),
    'api:request_time:mean5s': rules().flatMap(({ record, labels }) =>
      record === 'api:request_time:mean5s' ? (labels?.part ?? []) : [],
    ),
  }
  let checked = 0
  for (const { panel, name, expr, color } of lines) {
    const label = /^\{\{(\w+)\}\}$/.exec(name)?.[1]
    if (typeof color !== 'object' || label === undefined) continue
    const [first = ''] = seriesIn(expr)
    const samples = page.match(new RegExp(`^${metricOf(first)}(_count)?\\{.*$`, 'gm')) ?? []
    const values = known[first] ?? samples.map((sample) => new RegExp(`${label}="([^"]+)"`).exec(sample)?.[1] ?? '')
    const selected = label === 'http_response_status_code' ? values.filter((value) => /^4/.test(value)) : values
    assert.ok(selected.length > 0, `${panel}: no value of ${label} is known`)
    for (const value of new Set(selected)) assert.ok(value in color, `${panel}: ${value} has no colour`)
    checked++
  }
  assert.equal(checked, lines.filter(({ color }) => typeof color === 'object').length)
})
