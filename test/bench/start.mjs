// From the command to `ready`, with the echo wrapper, and the processor time that the daemon has used by then.
import { readFileSync } from 'node:fs'
import { format, median, printHead, row } from './figures.mjs'
import { startDaemon } from './processes.mjs'

const STARTS = 9
/** Of the kernel's clock, which is the same on all Linux systems. */
const MS_PER_TICK = 10

/** Prints one row: median and least of some starts, one after the other. */
export async function starts() {
  const times = []
  const cpuTimes = []
  for (let count = 0; count < STARTS; count += 1) {
    const began = performance.now()
    const daemon = startDaemon('echo', '')
    await daemon.found
    times.push(performance.now() - began)
    cpuTimes.push(cpuMsOf(daemon.child.pid))
    await daemon.stop()
  }
  console.log(`\nCommand to ready, ${STARTS} starts`)
  printHead(['median ms', 'least ms', 'CPU ms of the daemon, median'])
  console.log(row([median(times), Math.min(...times), median(cpuTimes)].map(ms => format(ms))))
}

function cpuMsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}
