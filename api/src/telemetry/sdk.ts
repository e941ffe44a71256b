import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { envDetector } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, NoopSpanProcessor } from '@opentelemetry/sdk-trace'

/** One OpenTelemetry SDK per process. Metrics are read from `exporter`; spans go where OTEL_TRACES_EXPORTER says. */
export function startTelemetry(): { meter: Meter; tracer: Tracer; exporter: PrometheusExporter } {
  // metrics-page.ts serves the metrics, so the exporter's own server stays off. target_info would show the command line.
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutTargetInfo: true, withoutScopeInfo: true })
  const wanted = process.env.OTEL_TRACES_EXPORTER
  const exportsSpans = wanted !== undefined && wanted !== '' && wanted !== 'none'
  // Without an exporter spans are not recorded, but each request still gets a trace id.
  const spans = exportsSpans ? {} : { spanProcessors: [new NoopSpanProcessor()], sampler: new AlwaysOffSampler() }
  new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME || 'api',
    metricReaders: [exporter],
    logRecordProcessors: [],
    resourceDetectors: [envDetector],
    views: [
      'http.server.request.duration',
      'db.client.operation.duration',
      'nodejs.eventloop.delay',
      'nodejs.eventloop.time',
    ].map((instrumentName) => ({ instrumentName, name: `${instrumentName}.seconds` })), // the exporter adds no unit
    ...spans,
  }).start()
  return { meter: metrics.getMeter('api'), tracer: trace.getTracer('api'), exporter }
}
