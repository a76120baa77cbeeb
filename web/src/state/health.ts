// How the servers are, as /health of both services says.
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import type { Health, Service } from '../api/types'
import { createStore } from './store'

export interface Report {
  health?: Health // the last one that came
  problem?: Problem // set: nobody answered
  origin?: boolean // somebody did, but not to pages of this origin
  at: number
}

export const reports = createStore<Partial<Record<Service, Report>>>({})

export async function checkHealth(service: Service) {
  try {
    const health = await api.health(service)
    reports.set((now) => ({ ...now, [service]: { health, at: Date.now() } }))
  } catch (error) {
    const problem = asProblem(error)
    const origin = problem.type === 'unreachable' && (await api.runsElsewhere())
    reports.set((now) => ({ ...now, [service]: { problem, origin, at: Date.now() } }))
  }
}

export type Trouble = 'offline' | 'origin' | 'api' | 'both' | 'redis' | 'mysql' | 'elasticsearch' | 'late' | ''

const lateS = 10

// What is worth a banner: the worst of it.
export function troubleOf(report: Report | undefined, online: boolean): Trouble {
  if (!online) return 'offline'
  if (!report) return ''
  if (report.problem) return report.origin ? 'origin' : 'api'
  const { services, queue } = report.health!
  const redis = services.redis.status === 'down'
  const mysql = services.mysql.status === 'down'
  if (redis && mysql) return 'both'
  if (redis) return 'redis'
  if (mysql) return 'mysql'
  if (services.elasticsearch.status === 'down') return 'elasticsearch'
  return (queue.oldest_age_s ?? 0) > lateS ? 'late' : ''
}
