// The comparison: many messages through one service, as fast as so many senders at the same time get them in.
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import { allTimings, isCreation } from '../api/timings'
import type { Service } from '../api/types'
import { announce } from './announce'
import { createApplication } from './applications'
import { figuresOf, type Figures } from './figures'
import { createStore } from './store'
import { texts } from '../texts'

export interface Run {
  state: 'idle' | 'running' | 'done' | 'stopped'
  total: number
  sent: number // answered, well or not
  seconds: number
  token?: string
  chat?: number
  figures?: Figures
  problem?: Problem // the first
}

const idle: Run = { state: 'idle', total: 0, sent: 0, seconds: 0 }
export const runs = createStore<Record<Service, Run>>({ api: idle, writer: idle })

export interface Plan {
  token: string // '': a new application
  total: number
  senders: number
}

const update = (service: Service, fields: Partial<Run>) =>
  runs.set((now) => ({ ...now, [service]: { ...now[service], ...fields } }))

export const isRunning = () => Object.values(runs.get()).some((run) => run.state === 'running')

export const stopRun = (service: Service) => {
  if (runs.get()[service].state === 'running') update(service, { state: 'stopped' })
}

export const clearRuns = () => {
  if (!isRunning()) runs.set({ api: idle, writer: idle })
}

export async function startRun(service: Service, plan: Plan) {
  update(service, { ...idle, state: 'running', total: plan.total, figures: undefined, problem: undefined, chat: undefined })
  try {
    const token = plan.token || (await createApplication(texts.performance.ownName)).token
    const chat = (await api.createChat(service, token)).number
    update(service, { token, chat })
    await sendAll(service, token, chat, plan)
    return token
  } catch (error) {
    update(service, { state: 'stopped', problem: asProblem(error) })
    return plan.token
  }
}

async function sendAll(service: Service, token: string, chat: number, { total, senders }: Plan) {
  let next = 1
  let sent = 0
  const began = performance.now()
  const beganAt = Date.now()
  const figures = () => figuresOf(
    allTimings().filter((t) => t.service === service && t.at >= beganAt && isCreation(t) && t.route.endsWith('/messages')),
    (performance.now() - began) / 1000)
  // Painting a thousand steps would slow down what is measured.
  const report = () => update(service, { sent, seconds: (performance.now() - began) / 1000, figures: figures() })
  const timer = setInterval(report, 200)
  const going = () => runs.get()[service].state === 'running'

  async function sender() {
    while (going() && next <= total) {
      try {
        await api.createMessage(service, token, chat, texts.performance.sent(next++, total))
      } catch (error) {
        if (!runs.get()[service].problem) update(service, { problem: asProblem(error) })
      }
      sent++
    }
  }

  await Promise.all(Array.from({ length: senders }, sender))
  clearInterval(timer)
  report()
  if (!going()) return
  update(service, { state: 'done' })
  announce(texts.performance.finished(texts.service[service], figures().perS.toFixed(0)))
}
