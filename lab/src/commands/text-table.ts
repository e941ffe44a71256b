/** Columns as wide as their widest cell, the first to the left, the others to the right. Rows may be short. */
export function textTable(rows: string[][]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart((widths[i] ?? 0) + 2))).join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
