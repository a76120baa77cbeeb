// The chats of one application, the newest first, as far back as was asked for.
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import type { Chat } from '../api/types'
import { service } from './settings'
import { createStore } from './store'

export interface ListedChat extends Chat {
  queued?: boolean // accepted, and not seen in the list yet
}

export interface Chats {
  items: ListedChat[]
  state: 'loading' | 'ready' | 'failed'
  problem?: Problem
  more: boolean
}

function make(token: string) {
  const store = createStore<Chats>({ items: [], state: 'loading', more: false })

  // The newest page replaces what is there of it; older ones stay.
  async function refresh() {
    try {
      const { items, more } = await api.listChats(token)
      store.set((now) => {
        const first = items[0]?.number ?? 0
        const older = more ? now.items.filter((chat) => chat.number < first) : []
        const listed = new Set(items.map((chat) => chat.number))
        const queued = now.items.filter((chat) => chat.queued && !listed.has(chat.number))
        const all = [...queued, ...items, ...older].sort((a, b) => b.number - a.number)
        return { items: all, more: older.length ? now.more : more, state: 'ready' }
      })
    } catch (error) {
      store.set((now) => ({ ...now, state: 'failed', problem: asProblem(error) }))
    }
  }

  async function loadMore() {
    const last = store.get().items.at(-1)
    if (!last) return
    const { items, more } = await api.listChats(token, last.number)
    store.set((now) => ({ ...now, items: [...now.items, ...items.reverse()], more }))
  }

  async function create() {
    const chat = await api.createChat(service.get(), token)
    store.set((now) => ({ ...now, state: 'ready', items: [{ ...chat, queued: true }, ...now.items] }))
    return chat
  }

  async function remove(number: number) {
    await api.deleteChat(token, number)
    store.set((now) => ({ ...now, items: now.items.filter((chat) => chat.number !== number) }))
  }

  return { store, refresh, loadMore, create, remove }
}

const made = new Map<string, ReturnType<typeof make>>()

export function chatsOf(token: string) {
  let chats = made.get(token)
  if (!chats) made.set(token, (chats = make(token)))
  return chats
}
