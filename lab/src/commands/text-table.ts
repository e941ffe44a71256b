/** Columns as wide as their widest cell, the first to the left, the others to the right. */
export function textTable(rows: string[][]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), [])
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart((widths[i] ?? 0) + 2))).join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
