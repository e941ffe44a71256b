import { randomUUID } from 'node:crypto'
import { metrics, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, Middleware, Next } from 'koa'
import type { Logger } from 'pino'
import { type Route, statusesOf } from '../routes/openapi.ts'
import type { RecordEvent } from '../telemetry/metrics-events.ts'

type Dependencies = {
  log: Logger
  draining: () => boolean
  routes: Route[]
  recordEvent?: RecordEvent | undefined
}

// 0.2 and 0.3 are the goals of slo.json: a share of requests is exact only at an edge.
const edges = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 1, 5]
const wellFormedId = /^[A-Za-z0-9._-]{1,128}$/

/** Outermost: the id, time, log line, measurement and span of every request, also of rejected ones. */
export function signals({ log, draining, routes, recordEvent }: Dependencies): Middleware {
  const meter = metrics.getMeter('api')
  const tracer = trace.getTracer('api')
  const duration = meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'Time from the first middleware until the answer is ready',
    advice: { explicitBucketBoundaries: edges },
  })
  // Every documented answer has its series, at 0, from the start.
  for (const route of routes) {
    const method = route.method.toUpperCase()
    for (const status of statusesOf(route)) duration.record(Number.NaN, attributes(method, route.path, status))
  }
  let active = 0
  meter
    .createObservableGauge('http.server.active_requests', { description: 'Requests in progress' })
    .addCallback((gauge) => gauge.observe(active))

  return async function signals(ctx: Context, next: Next) {
    const start = performance.now()
    active++
    const { res } = ctx
    const { headers } = ctx.req
    const asked = headers['x-request-id']
    const id = typeof asked === 'string' && wellFormedId.test(asked) ? asked : randomUUID()
    ctx.state.requestId = id
    ctx.state.log = {}
    res.setHeader('X-Request-Id', id)
    res.setHeader('X-Content-Type-Options', 'nosniff')
    const parent = headers.traceparent ? propagation.extract(ROOT_CONTEXT, headers) : ROOT_CONTEXT
    const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, parent)
    try {
      await next()
    } finally {
      active--
      if (draining() && !res.headersSent) res.setHeader('Connection', 'close')
      // Unknown paths and methods share one series: a client could invent any number of them.
      const route: string = ctx.routerPath ?? 'unmatched'
      const method = route === 'unmatched' ? '_OTHER' : ctx.method === 'HEAD' ? 'GET' : ctx.method
      // 499: the client hung up before the answer was ready.
      const status = res.closed ? 499 : res.statusCode
      const ms = performance.now() - start
      const labels = attributes(method, route, status)
      duration.record(ms / 1000, labels)
      recordEvent?.(method, route, status, ms)
      const line = {
        request_id: id,
        trace_id: span.spanContext().traceId,
        method: ctx.method,
        route,
        status,
        duration_ms: Math.round(ms * 1000) / 1000,
        user_id: ctx.state.userId,
        ...ctx.state.log, // what inner middleware adds: err, reason, auth_rejection, ...
      }
      log[status === 500 ? 'error' : status === 503 ? 'warn' : 'info'](line, 'request')
      if (span.isRecording()) {
        span.updateName(`${method} ${route}`).setAttributes({ ...labels, 'url.path': ctx.path })
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    }
  }
}

/** The required attributes of OpenTelemetry's semantic conventions. */
function attributes(method: string, route: string, status: number) {
  return {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'url.scheme': 'http',
    ...(status >= 500 && { 'error.type': String(status) }),
  }
}
