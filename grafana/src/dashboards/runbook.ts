import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboard } from '../page.ts'
import { note, text } from '../panels/text.ts'
import { rules } from '../rules.ts'

const file = join(import.meta.dirname, '../../../docs/runbook.md')
const alerts = rules().flatMap(({ alert, annotations }) => (alert ? [{ alert, annotations }] : []))
const headed = readFileSync(file, 'utf8').split('\n## ')
const sections = new Map(
  alerts.flatMap(({ alert }) => {
    const section = headed.find((one) => one.startsWith(`${alert}\n`))
    return section ? [[alert, section.slice(alert.length).trim()]] : []
  }),
)
const headings = [...sections.keys()]

/** The address of one alert's section, which Grafana shows alone. Panel 1 is the introduction. */
const runbookPath = (alert: string) => `/d/runbook?viewPanel=${headings.indexOf(alert) + 2}`

/** For every alert: the dashboard that shows its cause, and what to do. */
export const alertLinks = Object.fromEntries(
  alerts.map(({ alert, annotations }) => [
    alert,
    [
      { title: 'Runbook: what it means and what to do', url: runbookPath(alert) },
      { title: 'Dashboard that shows it', url: annotations?.dashboard ?? '' },
    ],
  ]),
)

/** docs/runbook.md as a dashboard, because Grafana cannot open files of the repository. */
export const runbook = (): Dashboard =>
  dashboard('runbook', 'Runbook: what to do now?', [
    text(
      '**What each alert means, what to do, and how to cause it.** The same text is in `docs/runbook.md`. A firing alert on the home page links here.',
      3,
    ),
    ...headings.map((heading) => note(heading, inGrafana(sections.get(heading) ?? ''))),
  ])

// Links to other sections open their panels; links to files remain as text.
function inGrafana(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, label: string, target: string) => {
    const alert = headings.find((heading) => `#${heading.toLowerCase()}` === target)
    return alert ? `[${label}](${runbookPath(alert)})` : label
  })
}
