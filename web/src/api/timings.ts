// How long each request of this page took: what the performance view draws.
import type { Service } from './types'

export interface Timing {
  at: number // ms since 1970, when it ended
  ms: number // from sending to the last byte
  service: Service
  method: string
  route: string // the path's pattern: a token is a secret, and an exported file is not
  status: number // 0: no answer
}

const limit = 50000
let timings: Timing[] = []
let version = 0

export function addTiming(timing: Timing) {
  timings.push(timing)
  if (timings.length > limit) timings = timings.slice(limit / 10)
  version++
}

export function clearTimings() {
  timings = []
  version++
}

export const allTimings = (): readonly Timing[] => timings
export const timingsVersion = () => version

export const isCreation = (timing: Timing) => timing.method === 'POST' && timing.route !== '/applications'

export const failed = (timing: Timing) => timing.status === 0 || timing.status >= 400

export function routeOf(path: string) {
  return path
    .replace(/\?.*/, '')
    .replace(/\/[0-9a-f]{32}\b/, '/:token')
    .replace(/\/\d+\b/g, '/:number')
}

export function timingsCsv(list: readonly Timing[]) {
  const lines = list.map((t) =>
    [new Date(t.at).toISOString(), t.service, t.method, t.route, t.status, t.ms.toFixed(2)].join(','))
  return ['ended_at,service,method,route,status,ms', ...lines].join('\r\n') + '\r\n'
}
