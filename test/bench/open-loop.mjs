// Sends requests at a rate, at random times, whether or not those before have been answered, and prints what became of
// them. A time counts from when a request should have been sent, so that a generator that is late hides nothing.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const { url, bodyFile, rate, warmUpSeconds, seconds, priorities } = JSON.parse(process.argv[2])
const body = readFileSync(bodyFile)
const agent = new Agent({ keepAlive: true, maxFreeSockets: 10_000 })
const begin = performance.now()
const measured = begin + warmUpSeconds * 1000
const end = measured + seconds * 1000
const tallies = priorities.map(priority => ({ priority, sent: 0, latencies: [], refused: 0, failed: 0 }))

function send(due, tally) {
  const counts = due >= measured
  if (counts) tally.sent += 1
  return new Promise(resolve => {
    const headers = { 'content-length': body.length, 'x-priority': tally.priority }
    const asked = request(url, { agent, method: 'POST', headers }, response => {
      response.resume().on('end', () => {
        if (counts && response.statusCode === 200) tally.latencies.push(performance.now() - due)
        else if (counts && response.statusCode === 503) tally.refused += 1
        else if (response.statusCode !== 200 && response.statusCode !== 503) tally.failed += 1
        resolve()
      })
    })
    asked.on('error', () => {
      tally.failed += 1
      resolve()
    })
    asked.end(body)
  })
}

const gap = () => (-Math.log(1 - Math.random()) / rate) * 1000
const answers = new Set()
for (let due = begin + gap(); due < end; due += gap()) {
  const wait = due - performance.now()
  if (wait > 0) await delay(wait)
  const answer = send(due, tallies[Math.floor(Math.random() * tallies.length)])
  answers.add(answer)
  void answer.then(() => answers.delete(answer))
}
await Promise.all(answers)
agent.destroy()
console.log(JSON.stringify(tallies))
