const keywords = new Set('by on and or unless ignoring without group_left group_right bool offset'.split(' '))

/** The names of the series that an expression reads, `_bucket`, `_sum` and `_count` included, each once. */
export function seriesIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
  const names = [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name)
  return [...new Set(names.filter((name) => !keywords.has(name)))]
}

/** The metric to which a series belongs: a histogram's buckets, sum and count are one metric. */
export const metricOf = (series: string) => (series.includes(':') ? series : series.replace(/_(bucket|sum|count)$/, ''))
