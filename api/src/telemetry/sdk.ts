import { DiagLogLevel, diag, type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { envDetector } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, NoopSpanProcessor } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'

/**
 * One OpenTelemetry SDK per process. Metrics are read from `exporter`, undefined if OTEL_SDK_DISABLED is true; spans go
 * where OTEL_TRACES_EXPORTER says. The exporter adds no unit to a name, so the names of the instruments end with it.
 */
export function startTelemetry(log: Logger): { meter: Meter; tracer: Tracer; exporter?: PrometheusExporter } {
  // metrics-page.ts serves the metrics, so the exporter's own server stays off. target_info would show the command line.
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutTargetInfo: true, withoutScopeInfo: true })
  const wanted = process.env.OTEL_TRACES_EXPORTER
  const exportsSpans = wanted !== undefined && wanted !== '' && wanted !== 'none'
  // Without an exporter spans are not recorded, but each request still gets a trace id.
  const spans = exportsSpans ? {} : { spanProcessors: [new NoopSpanProcessor()], sampler: new AlwaysOffSampler() }
  logWarnings(log)
  // The exporter `console` writes there, and an error would end the process. Only then: it makes pipes non-blocking.
  if (exportsSpans) for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  new NodeSDK({
    serviceName: process.env.OTEL_SERVICE_NAME || 'api',
    metricReaders: [exporter],
    logRecordProcessors: [],
    resourceDetectors: [envDetector],
    ...spans,
  }).start()
  const disabled = process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true'
  return {
    meter: metrics.getMeter('api'),
    tracer: trace.getTracer('api'),
    ...(!disabled && { exporter }),
  }
}

// The SDK warns of settings that it does not know and of places that it cannot reach, the latter again and again.
function logWarnings(log: Logger) {
  const logged = new Set<string>()
  function warn(...words: unknown[]) {
    const text = words.join(' ').slice(0, 1000)
    const kind = text.replaceAll(/\d+/g, '')
    if (!logged.has(kind)) log.warn({ telemetry: text }, 'telemetry')
    logged.add(kind)
  }
  const ignore = () => {}
  const logger = { error: warn, warn, info: ignore, debug: ignore, verbose: ignore }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  if (process.env.OTEL_LOG_LEVEL) warn('OTEL_LOG_LEVEL is ignored: warnings and errors are in this log')
  delete process.env.OTEL_LOG_LEVEL // the SDK would replace the logger by one that writes text
}
