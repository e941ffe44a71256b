import { createServer, type Server } from 'node:http'
import { type PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { DatabaseUnavailable, type MetricsEvent } from '../database/database.ts'

/**
 * GET /metrics: the OpenTelemetry instruments and Node's own figures on one page. Reading it changes nothing.
 * GET /metrics/events: what METRICS_EVENTS keeps, as JSON lines.
 */
export function createMetricsPage(
  exporter: PrometheusExporter | undefined,
  log: Logger,
  listEvents?: () => Promise<MetricsEvent[]>,
): Server {
  // Left out: event loop figures that every reading resets (event-loop.ts replaces them), and 50 lines without a use.
  const node = new Registry()
  collectDefaultMetrics({ register: node })
  for (const { name } of node.getMetricsAsArray()) {
    if (/^nodejs_(eventloop_lag|active|heap_space)/.test(name)) node.removeSingleMetric(name)
  }
  const serializer = new PrometheusSerializer('', false, undefined, true, true)

  async function page() {
    const collected = await exporter?.collect()
    return `${await node.metrics()}\n${collected ? serializer.serialize(withUnits(collected.resourceMetrics)) : ''}\n`
  }
  return createServer(async (req, res) => {
    res.setHeader('X-Content-Type-Options', 'nosniff')
    res.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    // A proxy may send the whole URL as the target.
    const found = /^(https?:\/\/[^/]*)?\/metrics(?<events>\/events)?\/?(\?|$)/i.exec(req.url ?? '')
    const isEvents = found?.groups?.events !== undefined
    if (!found || !['GET', 'HEAD'].includes(req.method ?? '') || (isEvents && !listEvents)) {
      return res.writeHead(404).end('The metrics are under GET /metrics.\n')
    }
    try {
      if (!isEvents || !listEvents) return res.end(await page())
      const lines = (await listEvents()).map((event) => `${JSON.stringify(event)}\n`)
      res.setHeader('Content-Type', 'application/jsonl').end(lines.join(''))
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return res.writeHead(503).end(`${error.message}\n`)
      log.error({ err: error }, 'reading the metrics failed')
      res.writeHead(500).end()
    }
  })
}

// OpenTelemetry has the unit beside the name, Prometheus in it, and this exporter does not add it.
function withUnits({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  const renamed = scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map((metric) => {
      const { descriptor } = metric
      if (descriptor.unit !== 's') return metric
      return { ...metric, descriptor: { ...descriptor, name: `${descriptor.name}.seconds` } }
    }),
  }))
  return { resource, scopeMetrics: renamed }
}
