// Asks the registry for known faults of what the daemon needs to run. Not part of npm test: registries that are mirrors
// often do not answer this, and that says nothing about the packages.
import { spawnSync } from 'node:child_process'

const { stdout, stderr, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' })
const report = parse(stdout)
const counts = report?.metadata?.vulnerabilities
if (counts === undefined) {
  const why =
    error?.message ?? report?.message ?? report?.error?.summary ?? (stderr.trim().split('\n').at(-1) || 'no answer')
  console.log(`not checked: the registry gave no answer (${why})`)
} else {
  const kinds = Object.entries(counts).filter(([kind, count]) => kind !== 'total' && count > 0)
  console.log(kinds.length === 0 ? 'no known faults' : kinds.map(([kind, count]) => `${count} ${kind}`).join(', '))
  for (const { name, severity, range } of Object.values(report.vulnerabilities ?? {})) {
    console.log(`${name} ${range}: ${severity}`)
  }
  process.exitCode = counts.total === 0 ? 0 : 1
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
