import * as z from 'zod'
import { LOG_LEVELS } from './daemon-config.js'
import { parseListenAddress } from './listen-address.js'

/** Longest time that a Node timer can wait, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Existing files write numbers as strings too: `port = "5090"`. */
function toNumber(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
}

/** Existing files write switches as 0 and 1 too. */
function toBoolean(value: unknown): unknown {
  if (value === 0 || value === '0' || value === 'false') return false
  if (value === 1 || value === '1' || value === 'true') return true
  return value
}

/** An integer within limits, also as a string. Every builder here puts what is allowed into the text of its issues. */
export function integer(min: number, max: number) {
  const error = `an integer from ${min} to ${max}`
  const fits = (value: number) => Number.isInteger(value) && value >= min && value <= max
  return z.preprocess(toNumber, z.number({ error }).refine(fits, { error }))
}

/** A time in milliseconds that a timer can wait. */
export const milliseconds = (min = 1) => integer(min, MAX_TIMER_MS)

/** true or false, also as 0 and 1 or in quotes. */
export const flag = () => z.preprocess(toBoolean, z.boolean({ error: 'true or false' }))

/** A string, which may be empty. */
export const text = () => z.string({ error: 'a string' })

/** A string with something in it. */
export function nonEmpty() {
  const error = 'a string that is not empty'
  return z.string({ error }).refine(value => value.trim() !== '', { error })
}

/** Fewest characters of a token that nobody guesses. */
const MIN_TOKEN_LENGTH = 16

const TOKEN_FORM = `a string of at least ${MIN_TOKEN_LENGTH} visible ASCII characters`

/** A token as it stands in an HTTP header, or the empty string for none. */
export function adminToken() {
  const error = TOKEN_FORM
  return z.string({ error }).refine(value => value === '' || TOKEN.test(value), { error })
}

/** A secret that nobody guesses. */
export function secret() {
  const error = TOKEN_FORM
  return z.string({ error }).refine(value => TOKEN.test(value), { error })
}

/** A list of such secrets, each as it stands in an HTTP header. */
export function secrets() {
  const error = `a list, each ${TOKEN_FORM}`
  return z.array(
    z.string({ error }).refine(value => TOKEN.test(value), { error }),
    { error },
  )
}

/** The name by which an app signs; it stands between quotation marks. */
export function apiKey() {
  const error = 'a string of visible ASCII characters without quotation marks'
  return z.string({ error }).refine(value => /^[!#-&(-~]+$/.test(value), { error })
}

/** What apps are called; it stands in logs and metrics. */
export const APP_ID = /^[A-Za-z0-9_.-]{1,64}$/

const TOKEN = new RegExp(`^[!-~]{${MIN_TOKEN_LENGTH},}$`)

/** A level of the log in any case, with the spellings that other loggers have for the same. */
export function logLevel() {
  const aliases: Readonly<Record<string, string>> = {
    warning: 'warn',
    critical: 'fatal',
    none: 'silent',
    off: 'silent',
  }
  return z.preprocess(
    value => {
      if (typeof value !== 'string') return value
      const level = value.trim().toLowerCase()
      return Object.hasOwn(aliases, level) ? aliases[level] : level
    },
    z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }),
  )
}

/** `host:port` or `:port`. */
export function listenAddress() {
  const error = 'an address such as ":1888", "127.0.0.1:1888" or "[::1]:1888", with a port from 0 to 65535'
  return z.string({ error }).transform((value, context) => {
    const address = parseListenAddress(value)
    if (address === undefined) {
      context.addIssue({ code: 'custom', message: error })
      return z.NEVER
    }
    return address
  })
}

/** A base path of URLs, without a slash at its end unless it is the root. */
export function basePath() {
  const error =
    'a path such as "/v2": a slash, then letters, digits, "-", "_", "." and further slashes, none at the end'
  return z.string({ error }).refine(value => /^(\/|(\/[A-Za-z0-9._-]+)+)$/.test(value), { error })
}

/** What a model may be called: it stands in paths, and before a colon in some. */
const MODEL_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u

/** Name of a model. */
export function modelName() {
  const error = 'a name of letters, digits, "_", "-" and ".", which begins with a letter, a digit or "_"'
  return z.string({ error }).refine(value => MODEL_NAME.test(value), { error })
}

/** A list of names of models. */
export function modelNames() {
  const error = 'a list of names such as ["digits", "mnist"], of letters, digits, "_", "-" and "."'
  return z.array(
    z.string({ error }).refine(value => MODEL_NAME.test(value), { error }),
    { error },
  )
}

/** A list of names of environment variables, or of their beginnings with a star. */
export function variableNames() {
  const error = 'a list of names such as ["MODEL_DIR", "AWS_*"], or ["*"]'
  return z.array(
    z.string({ error }).refine(value => /^([A-Za-z_]\w*\*?|\*)$/.test(value), { error }),
    { error },
  )
}

function isOrigin(value: string): boolean {
  return value === '*' || (URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value)
}

/** A list of origins as browsers send them. */
export function origins() {
  const error = 'a list of origins such as ["https://example.com"], or ["*"]'
  return z.array(z.string({ error }).refine(isOrigin, { error }), { error })
}
