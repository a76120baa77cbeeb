// A stretch of one chat's messages without a gap: its end, which polling keeps up to date, or, after a jump,
// a part further up. It grows at both ends.
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import type { Message } from '../api/types'
import { announce } from './announce'
import { Gaps } from './gaps'
import { createStore } from './store'
import { texts } from '../texts'

export interface Stretch {
  items: Message[]
  older: boolean // there may be more above
  newer: boolean // there is more below: this is not the chat's end
  state: 'loading' | 'ready' | 'failed'
  problem?: Problem // of loading
  pollProblem?: Problem
  missing?: number // what was jumped to and is not there
}

const pageSize = 100

export function merged(now: Message[], more: Message[]): Message[] {
  if (more.length === 0) return now
  const last = now.at(-1)
  if (!last || more[0]!.number > last.number) return [...now, ...more]
  const all = new Map(now.map((message) => [message.number, message]))
  for (const message of more) all.set(message.number, message)
  return [...all.values()].sort((a, b) => a.number - b.number)
}

export function messagesOf(token: string, chat: number) {
  const store = createStore<Stretch>({ items: [], older: false, newer: false, state: 'loading' })
  const gaps = new Gaps()
  const gone = new Set<number>() // deleted here: a list that was under way may still have them
  let busy: Promise<unknown> | null = null
  let turn = 0 // what was asked for before a jump is not taken after it

  const alive = (items: Message[]) => (gone.size ? items.filter(({ number }) => !gone.has(number)) : items)

  async function open(at?: number) {
    const mine = ++turn
    gaps.clear()
    store.set((now) => ({ ...now, state: now.items.length ? now.state : 'loading' }))
    try {
      const next = at === undefined ? await latest() : await around(at)
      if (mine === turn) store.set(next)
    } catch (error) {
      if (mine === turn) store.set((now) => ({ ...now, state: 'failed', problem: asProblem(error) }))
    }
  }

  async function latest(): Promise<Stretch> {
    const { items, more } = await api.listMessages(token, chat, { limit: pageSize })
    const tail = items.slice(-20).map(({ number }) => number)
    gaps.seen(tail, (tail[0] ?? 1) - 1, Date.now())
    return { items: alive(items), older: more, newer: false, state: 'ready' }
  }

  async function around(at: number): Promise<Stretch> {
    const [above, below] = await Promise.all([
      api.listMessages(token, chat, { before: at, limit: pageSize / 2 }),
      api.listMessages(token, chat, { after: at - 1, limit: pageSize / 2 }),
    ])
    const missing = below.items[0]?.number === at ? undefined : at
    return {
      items: alive([...above.items, ...below.items]),
      older: above.more,
      newer: below.more,
      state: 'ready',
      missing,
    }
  }

  // One at a time; who comes meanwhile is not served, but scrolling asks again.
  async function extend(fetch: (now: Stretch) => Promise<Partial<Stretch>>) {
    if (busy) return
    const mine = turn
    const fetching = fetch(store.get())
    busy = fetching
    try {
      const change = await fetching
      const isNews = Object.keys(change).length > 0 || store.get().pollProblem
      if (mine === turn && isNews) store.set((now) => ({ ...now, ...change, pollProblem: undefined }))
    } catch (error) {
      store.set((now) => ({ ...now, pollProblem: asProblem(error) }))
    } finally {
      busy = null
    }
  }

  const loadOlder = () =>
    extend(async (now) => {
      const first = now.items[0]
      if (!now.older || !first) return {}
      const { items, more } = await api.listMessages(token, chat, { before: first.number, limit: 200 })
      return { items: merged(alive(items), store.get().items), older: more }
    })

  const loadNewer = () =>
    extend(async (now) => {
      const last = now.items.at(-1)
      if (!now.newer || !last) return {}
      const { items, more } = await api.listMessages(token, chat, { after: last.number, limit: 200 })
      return { items: merged(store.get().items, alive(items)), newer: more }
    })

  const poll = () =>
    extend(async (now) => {
      if (now.state !== 'ready' || now.newer) return {}
      const after = gaps.from(now.items.at(-1)?.number ?? 0, Date.now())
      const { items, more } = await api.listMessages(token, chat, { after, limit: 200 })
      gaps.seen(items.map(({ number }) => number), after, Date.now())
      const known = new Set(store.get().items.map(({ number }) => number))
      const fresh = alive(items).filter(({ number }) => !known.has(number))
      if (!fresh.length && !more) return {}
      return { items: merged(store.get().items, fresh), newer: more && fresh.length > 0 }
    })

  const replace = (message: Message) =>
    store.set((now) => ({ ...now, items: now.items.map((old) => (old.number === message.number ? message : old)) }))

  async function edit(number: number, body: string) {
    replace(await api.editMessage(token, chat, number, body))
    announce(texts.messages.saved(number))
  }

  async function remove(number: number) {
    await api.deleteMessage(token, chat, number)
    gone.add(number)
    store.set((now) => ({ ...now, items: now.items.filter((old) => old.number !== number) }))
    announce(texts.messages.removed(number))
  }

  return { store, open, loadOlder, loadNewer, poll, edit, remove }
}

export type Messages = ReturnType<typeof messagesOf>
