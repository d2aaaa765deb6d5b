// One measurement: a body posted over and over by a load generator in a process of its own.
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./post.lua', import.meta.url))
const autocannon = fileURLToPath(new URL('../../node_modules/.bin/autocannon', import.meta.url))

/** wrk where it is installed, autocannon otherwise. */
export const generator = spawnSync('wrk', ['-v']).error ? 'autocannon' : 'wrk'

/** Returns requests per second, p50 and p99 in ms, and how many requests failed. */
export function load({ url, bodyFile, connections, seconds }) {
  return generator === 'wrk'
    ? withWrk(url, bodyFile, connections, seconds)
    : withAutocannon(url, bodyFile, connections, seconds)
}

function withWrk(url, bodyFile, connections, seconds) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url]
  const output = execFileSync('wrk', args, { encoding: 'utf8', env: { ...process.env, BODY: bodyFile } })
  return JSON.parse(/^RESULT (.*)$/m.exec(output)[1])
}

function withAutocannon(url, bodyFile, connections, seconds) {
  const args = ['-j', '-m', 'POST', '-H', 'Content-Type=application/json', '-i', bodyFile]
  const measured = [...args, '-c', String(connections), '-d', String(seconds), url]
  const { requests, latency, errors, non2xx } = JSON.parse(
    execFileSync(autocannon, measured, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  )
  return { rps: requests.average, p50: latency.p50, p99: latency.p99, failed: errors + non2xx }
}
