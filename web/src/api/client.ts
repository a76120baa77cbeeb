// One request to one of both services: timed, and its error a Problem.
import { base } from './config'
import { asProblem, Problem, problemOf } from './problem'
import { addTiming, routeOf } from './timings'
import type { Service } from './types'
import { texts } from '../texts'

export interface Answer<T> {
  data: T
  headers: Headers
  status: number
}

export interface Options {
  service?: Service
  body?: object
  key?: string // admin key
  signal?: AbortSignal
  timeoutS?: number
  accept?: number[] // statuses besides 2xx whose body is an answer, not a problem
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const { service = 'api', body, signal, timeoutS = 20 } = options
  const url = (await base(service)) + path
  const began = performance.now()
  const clock = new AbortController()
  const timer = setTimeout(() => clock.abort('slow'), timeoutS * 1000)
  const forward = () => clock.abort()
  signal?.addEventListener('abort', forward)
  let status = 0
  try {
    const answer = await fetch(url, {
      method,
      headers: headersOf(options),
      body: body && JSON.stringify(body),
      signal: clock.signal,
      referrerPolicy: 'no-referrer',
      credentials: 'omit',
    })
    status = answer.status
    if (!answer.ok && !options.accept?.includes(status)) throw await problemOf(answer)
    const data = status === 204 ? undefined : await answer.json()
    return { data: data as T, headers: answer.headers, status }
  } catch (error) {
    if (clock.signal.reason === 'slow') throw new Problem(0, 'slow', texts.errors.slow(timeoutS))
    if (signal?.aborted) throw error
    throw asProblem(error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', forward)
    // who gave up asking learned nothing about the server
    if (!signal?.aborted) {
      const ms = performance.now() - began
      addTiming({ at: Date.now(), ms, service, method, route: routeOf(path), status })
    }
  }
}

function headersOf({ body, key }: Options) {
  const headers: Record<string, string> = {}
  if (body) headers['Content-Type'] = 'application/json'
  if (key) headers.Authorization = `Bearer ${key}`
  return headers
}

export const hasNext = (headers: Headers) => /rel="?next"?/.test(headers.get('Link') ?? '')
export const hasPrev = (headers: Headers) => /rel="?prev"?/.test(headers.get('Link') ?? '')
