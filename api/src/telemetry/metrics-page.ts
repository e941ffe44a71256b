import { createServer, type Server } from 'node:http'
import { type PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { collectDefaultMetrics, Registry } from 'prom-client'

/**
 * GET /metrics: the OpenTelemetry instruments and, through prom-client, Node's own figures on one page. Reading it
 * changes nothing, so several readers see the same truth.
 */
export function createMetricsPage(exporter: PrometheusExporter): Server {
  const node = new Registry()
  collectDefaultMetrics({ register: node })
  for (const { name } of node.getMetricsAsArray()) {
    // These are reset by every reading; telemetry/event-loop.ts measures the same without that.
    if (name.startsWith('nodejs_eventloop_lag')) node.removeSingleMetric(name)
  }
  const serializer = new PrometheusSerializer('', false, undefined, true, true)

  return createServer(async (req, res) => {
    if (req.method !== 'GET' || req.url?.split('?')[0] !== '/metrics') {
      return res.writeHead(404, { 'Content-Type': 'text/plain' }).end('The metrics are under GET /metrics.\n')
    }
    const { resourceMetrics } = await exporter.collect()
    const page = `${await node.metrics()}\n${serializer.serialize(resourceMetrics)}\n`
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(page)
  })
}
