import { setTimeout as sleep } from 'node:timers/promises'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import {
  defaultResource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { ConsoleMetricExporter, type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, NoopSpanProcessor } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'

const { env } = process

/**
 * One OpenTelemetry SDK per process. The variables OTEL_* mean what its specification says, with two defaults of our own,
 * because nothing leaves this machine unasked: no exporter of spans, and `prometheus` for metrics, read from `exporter`.
 * Its meter and tracer are those of @opentelemetry/api from then on. `close` sends what has not been sent yet.
 */
export function startTelemetry(log: Logger, version: string) {
  logWarnings(log)
  const isDisabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true'
  const wanted = new Set(listOf(env.OTEL_METRICS_EXPORTER || 'prometheus'))
  const exportsSpans = !['', 'none'].includes(env.OTEL_TRACES_EXPORTER?.trim() ?? '')
  // metrics-page.ts serves the metrics, so the exporter's own server stays off. target_info would show the command line.
  const exporter =
    !isDisabled && wanted.delete('prometheus')
      ? new PrometheusExporter({ preventServerStart: true, withoutTargetInfo: true, withoutScopeInfo: true })
      : undefined
  const pushing = isDisabled ? [] : [...wanted].flatMap(pushingReader)
  const isSending = exportsSpans || pushing.length > 0
  // Without an exporter spans are not recorded, but each request still gets a trace id.
  const spans = exportsSpans ? {} : { spanProcessors: [new NoopSpanProcessor()], sampler: new AlwaysOffSampler() }
  // The exporter `console` writes there, and an error would end the process. Only then: it makes pipes non-blocking.
  if (isSending) {
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  }
  const sdk = new NodeSDK({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'api', 'service.version': version })),
    resourceDetectors: [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector], // the last wins
    metricReaders: exporter ? [exporter, ...pushing] : pushing,
    logRecordProcessors: [],
    ...spans,
  })
  sdk.start()
  return {
    exporter,
    // A collector that is not there must not hold up the end.
    close: async () => isSending && Promise.race([sdk.shutdown().catch(() => {}), sleep(1000)]),
  }
}

const listOf = (text: string) => text.split(',').map((word) => word.trim())

/** A reader that sends all metrics every OTEL_METRIC_EXPORT_INTERVAL milliseconds. */
function pushingReader(name: string): IMetricReader[] {
  const exporter = name === 'otlp' ? otlpExporter() : name === 'console' ? new ConsoleMetricExporter() : undefined
  if (!exporter) {
    if (name !== 'none') diag.warn(`OTEL_METRICS_EXPORTER: ${name} is not one of otlp, prometheus, console, none`)
    return []
  }
  const exportIntervalMillis = milliseconds('OTEL_METRIC_EXPORT_INTERVAL', 60_000)
  const exportTimeoutMillis = Math.min(milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', 30_000), exportIntervalMillis)
  return [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis })]
}

function milliseconds(name: string, usual: number): number {
  const value = Number(env[name] || usual)
  if (value > 0) return value
  diag.warn(`${name}: ${env[name]} is no number of milliseconds; using ${usual}`)
  return usual
}

const otlpExporters = { grpc: GrpcExporter, 'http/json': JsonExporter, 'http/protobuf': ProtobufExporter }
function otlpExporter() {
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf'
  const Exporter = otlpExporters[protocol as keyof typeof otlpExporters]
  if (!Exporter) diag.warn(`OTEL_EXPORTER_OTLP_PROTOCOL: ${protocol} is unknown; using http/protobuf`)
  return new (Exporter ?? ProtobufExporter)()
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
  if (env.OTEL_LOG_LEVEL) warn('OTEL_LOG_LEVEL is ignored: warnings and errors are in this log')
  delete env.OTEL_LOG_LEVEL // the SDK would replace the logger by one that writes text
}
