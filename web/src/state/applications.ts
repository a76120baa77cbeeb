// The applications of this server, as far as they were asked for, and those opened by their token.
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import type { Application } from '../api/types'
import { adminKey } from './settings'
import { createStore } from './store'

export interface Applications {
  items: Application[]
  state: 'loading' | 'ready' | 'failed'
  problem?: Problem
  more: boolean
}

export const applications = createStore<Applications>({ items: [], state: 'loading', more: false })
// By token: also what the list does not show, or must not.
export const opened = createStore<ReadonlyMap<string, Application>>(new Map())

const remember = (items: Application[]) =>
  opened.set((now) => new Map([...now, ...items.map((item) => [item.token, item] as const)]))

export async function loadApplications() {
  // what is shown, a list or what was wrong, stays until there is something else
  applications.set((now) => ({ ...now, state: now.items.length || now.problem ? now.state : 'loading' }))
  try {
    const { items, more } = await api.listApplications(adminKey.get())
    remember(items)
    applications.set({ items, more, state: 'ready' })
  } catch (error) {
    applications.set((now) => ({ ...now, state: 'failed', problem: asProblem(error) }))
  }
}

export async function loadMoreApplications() {
  const last = applications.get().items.at(-1)
  if (!last) return
  const { items, more } = await api.listApplications(adminKey.get(), last.token)
  remember(items)
  applications.set((now) => ({ ...now, items: [...now.items, ...items], more }))
}

// Counts change while one looks on: as many as are shown are asked for again, if one page holds them.
export async function refreshApplications() {
  if (applications.get().items.length <= 100) await loadApplications()
}

export async function openApplication(token: string) {
  const item = await api.readApplication(token)
  remember([item])
  applications.set((now) => ({ ...now, items: now.items.map((old) => (old.token === token ? item : old)) }))
  return item
}

export async function createApplication(name: string) {
  const item = await api.createApplication(adminKey.get(), name)
  remember([item])
  applications.set((now) =>
    now.more ? now : { ...now, items: [...now.items.filter((old) => old.token !== item.token), item] })
  return item
}

export async function renameApplication(token: string, name: string) {
  const item = await api.renameApplication(adminKey.get(), token, name)
  remember([item])
  applications.set((now) => ({ ...now, items: now.items.map((old) => (old.token === token ? item : old)) }))
}

export async function deleteApplication(token: string) {
  await api.deleteApplication(adminKey.get(), token)
  applications.set((now) => ({ ...now, items: now.items.filter((old) => old.token !== token) }))
  opened.set((now) => new Map([...now].filter(([key]) => key !== token)))
}
