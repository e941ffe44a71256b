import { metrics } from '@opentelemetry/api'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { DatabaseUnavailable, reasons, type State } from './database.ts'

/** The metrics of a database, the same for every engine. */
export function databaseMetrics(system: 'sqlite' | 'postgresql', state: () => State) {
  const meter = metrics.getMeter('api')
  const duration = meter.createHistogram('db.client.operation.duration', {
    unit: 's',
    description: 'Duration of database operations, including the wait for the group commit',
    advice: {
      explicitBucketBoundaries: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5],
    },
  })
  // Recording NaN creates a series at 0: a panel shows 0, not "No data".
  const attributes: Record<string, { 'db.system.name': string; 'db.operation.name': string }> = {}
  for (const kind of ['Select', 'Insert', 'Update', 'Delete']) {
    const attribute = { 'db.system.name': system, 'db.operation.name': kind.toUpperCase() }
    attributes[`${kind}QueryNode`] = attribute
    duration.record(Number.NaN, attribute)
  }
  const errors = meter.createCounter('db.errors', { description: 'Queries that failed for a reason of the database' })
  for (const reason of reasons) errors.add(0, { reason })
  const batchSize = meter.createHistogram('db.commit.batch_size', {
    description: 'Number of writes that shared one commit',
    advice: { explicitBucketBoundaries: [1, 2, 4, 8, 16, 32, 64, 128] },
  })
  batchSize.record(Number.NaN)
  meter
    .createObservableGauge('db.available', { description: '1 while the database takes this operation, otherwise 0' })
    .addCallback((gauge) => {
      const { reads, writes } = state()
      gauge.observe(reads ? 1 : 0, { operation: 'read' })
      gauge.observe(writes ? 1 : 0, { operation: 'write' })
    })

  return {
    /** Times every query of an engine, and counts it when it fails for a reason of the database. */
    timed(executeQuery: DatabaseConnection['executeQuery']) {
      return async function timedQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        const start = performance.now()
        let error: { 'error.type'?: string } | undefined
        try {
          return await executeQuery<R>(query)
        } catch (thrown) {
          const reason = thrown instanceof DatabaseUnavailable ? thrown.reason : undefined
          if (reason) errors.add(1, { reason })
          error = { 'error.type': reason ?? '_OTHER' }
          throw thrown
        } finally {
          const operation = attributes[query.query.kind]
          const labels = error ? { ...operation, ...error } : operation
          if (operation) duration.record((performance.now() - start) / 1000, labels)
        }
      }
    },
    committed: (writes: number) => batchSize.record(writes),
  }
}
