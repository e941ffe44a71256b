import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { entries } from '../glossary.ts'
import { dashboard } from '../page.ts'
import { note, text } from '../panels/text.ts'

/** docs/glossary.md as a dashboard, because Grafana cannot open files of the repository. */
export const glossary = (): Dashboard =>
  dashboard('glossary', 'Glossary: what does it mean?', [
    text(
      '**The words of the dashboards and reports.** The same text is in `docs/glossary.md`. The description of a panel (its **i**) links here.',
      3,
    ),
    ...entries.map(({ word, meaning }) => note(word, meaning)),
  ])
