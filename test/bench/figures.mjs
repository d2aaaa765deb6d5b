// Figures and how they are shown.

/** The value below which this share (0 to 1) of the numbers lies. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

export const median = numbers => percentile(numbers, 0.5)

export const format = (number, digits = 0) =>
  number.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })

/** A row of a Markdown table. */
export const row = cells => `| ${cells.join(' | ')} |`

/** Prints the head of a Markdown table. */
export function printHead(names) {
  console.log(`\n${row(names)}\n${row(names.map(() => '---'))}`)
}
