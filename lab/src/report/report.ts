import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Journal } from '../runs/journal.ts'
import { anomalies } from './anomalies.ts'
import { type ChartData, chartData, figure } from './charts.ts'
import { glossary } from './glossary.ts'
import { html, json, text, trusted } from './html.ts'
import { expectations, phases, predictions } from './tables.ts'
import { outcome, verdict } from './verdict.ts'

const page = join(import.meta.dirname, 'page')

/** The report of a run: one HTML file that needs nothing else and may ask for nothing else. */
export function reportHtml(journal: Journal): string {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'))
  const style = read(join(uplot, 'uPlot.min.css'), join(page, 'page.css'))
  const library = read(join(uplot, 'uPlot.iife.min.js'))
  // Modules, because each has names of its own.
  const modules = ['look.js', 'axes.js', 'lines.js', 'charts.js'].map((name) => read(join(page, name)))
  const data = chartData(journal)
  const chart = (id: string) => data.charts.filter((one) => one.id === id).map(figure)
  const scripts = [library, ...modules].map((one) => `'${sha256(one)}'`).join(' ')
  // Only this very style and these very scripts may be used; with nothing else allowed, no request can leave the page.
  const policy = `default-src 'none'; style-src '${sha256(style)}'; script-src ${scripts}; base-uri 'none'; form-action 'none'`

  return text(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${journal.verdict}: ${journal.experiment}</title>
<style>${trusted(style)}</style>
</head>
<body>
${verdict(journal)}
${outcome(journal)}
${predictions(journal)}
<h2>What happened</h2>
<p>All charts share one time axis: minutes and seconds since the run began. Red is where ${journal.attacks ? 'somebody attacked' : 'a fault was in force'}.</p>
<noscript><p>The charts need JavaScript; all figures are in the tables below.</p></noscript>
${['attack', 'traffic', 'latency', 'errors', 'memory', 'connections', 'database'].map(chart)}
${expectations(journal)}
${phases(journal)}
<h2>What the client saw, and what the server said</h2>
${chart('sides')}
${anomalies(journal)}
${chart('scores')}
${again(journal)}
${glossary()}
<script type="application/json" id="data">${json(data satisfies ChartData)}</script>
<script>${trusted(library)}</script>
${modules.map(
  (one) => html`<script type="module">${trusted(one)}</script>
`,
)}
</body>
</html>
`)
}

function again({ again, environment, started }: Journal) {
  const { node, platform, cpus, memory_bytes, journal_mode, load_generator } = environment
  return html`<h2>Run it again</h2>
<pre>${again}</pre>
<p class="quiet">Measured on ${cpus.count} × ${cpus.model}, ${Math.round(memory_bytes / 2 ** 30)} GiB, ${platform}, Node ${node};
journal mode ${journal_mode}; load by ${load_generator}; started ${started}. Another machine gives other milliseconds.
Everything measured is in journal.json and metrics_events.jsonl beside this file.</p>`
}

function read(...files: string[]): string {
  return files.map((file) => readFileSync(file, 'utf8')).join('\n')
}

function sha256(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`
}
