import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { expect } from 'vitest'
import { REASONS, type Reason } from '../../src/core/error.js'
import type { Addresses, FrontEnd, Outcome, ScenarioRequest } from '../helpers/scenario-front-end.js'
import type { Account, Ending } from './account.js'
import type { ChaosDaemon } from './daemon.js'

/** Sends one request that the scenario wrapper answers in capitals, and holds the answer against that. */
export async function ask(at: Addresses, frontEnd: FrontEnd, request: ScenarioRequest): Promise<Ending> {
  const outcome = await frontEnd.send(at, request, new AbortController().signal)
  return endingOf(frontEnd, request, outcome)
}

/** What an answer means: the text in capitals, an error with a name, or something that no client should see. */
export function endingOf(frontEnd: FrontEnd, { text = '' }: ScenarioRequest, outcome: Outcome): Ending {
  const { failure } = outcome
  if (failure === undefined) {
    if (outcome.text === text.toUpperCase()) return { kind: 'correct' }
    return { kind: 'wrong', what: `${frontEnd.name} answered ${JSON.stringify(outcome.text)} to ${text}` }
  }
  const reason = (Object.keys(REASONS) as Reason[]).find(name => isSame(failure, frontEnd.renders(name)))
  return reason === undefined
    ? { kind: 'wrong', what: `${frontEnd.name} answered with no known error: ${JSON.stringify(failure)}` }
    : { kind: 'error', reason }
}

/** Some front-ends give a pattern for a message that varies. */
function isSame(failure: Outcome['failure'], rendered: Outcome['failure']): boolean {
  try {
    expect(failure).toEqual(rendered)
    return true
  } catch {
    return false
  }
}

export interface Load {
  readonly at: ChaosDaemon
  readonly frontEnd: FrontEnd
  readonly account: Account
}

/**
 * Sends so many requests a second, whatever becomes of those before, until `over` says so.
 * Resolves when all have ended.
 */
export async function atRate(load: Load, perSecond: number, over: () => boolean): Promise<void> {
  const open = new Set<Promise<unknown>>()
  const started = performance.now()
  for (let number = 0; !over(); number += 1) {
    const wait = started + (number * 1000) / perSecond - performance.now()
    // Who is late makes up for it, a request at a time.
    await (wait > 0 ? delay(wait) : nextTurn())
    const request = numbered(load, number)
    open.add(request)
    void request.finally(() => open.delete(request))
  }
  await Promise.all(open)
}

/** Keeps so many requests open until `count` were sent. Resolves when all have ended. */
export async function inTurn(load: Load, clients: number, count: number): Promise<void> {
  let number = 0
  const client = async () => {
    while (number < count) await numbered(load, number++)
  }
  await Promise.all(Array.from({ length: clients }, client))
}

async function numbered({ at, frontEnd, account }: Load, number: number): Promise<void> {
  await account.request(() => ask(at, frontEnd, { text: `request ${number}` }))
  await at.measure(account)
}
