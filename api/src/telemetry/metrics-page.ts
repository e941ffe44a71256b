import { createServer, type Server } from 'node:http'
import { type PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** GET /metrics: the OpenTelemetry instruments and Node's own figures on one page. Reading it changes nothing. */
export function createMetricsPage(exporter: PrometheusExporter): Server {
  // Left out: event loop figures that every reading resets (event-loop.ts replaces them), and 50 lines without a use.
  const node = new Registry()
  collectDefaultMetrics({ register: node })
  for (const { name } of node.getMetricsAsArray()) {
    if (/^nodejs_(eventloop_lag|active|heap_space)/.test(name)) node.removeSingleMetric(name)
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
