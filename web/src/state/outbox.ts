// What was written and is not stored yet, by chat: being sent, accepted (queued, with its number), or
// refused. It is kept for this tab, so that neither an outage nor a reload loses a word.
import { useSyncExternalStore } from 'react'
import { asProblem, type Problem } from '../api/problem'
import * as api from '../api/routes'
import type { Service } from '../api/types'
import { texts } from '../texts'
import { alarm, announce } from './announce'
import { keep, readKept } from './kept'
import { createStore } from './store'

export interface Letter {
  id: string
  body: string
  at: number
  state: 'sending' | 'queued' | 'failed'
  service: Service
  number?: number
  why?: string // the server's words
  maybe?: boolean // it may have been accepted all the same
}

type Outbox = Record<string, Letter[]>

// What was on its way when the page went: nobody knows.
function settled(outbox: Outbox): Outbox {
  const after: Outbox = {}
  for (const [chat, letters] of Object.entries(outbox)) {
    const left = letters
      .filter((letter) => letter.state !== 'queued')
      .map((letter): Letter => (letter.state === 'failed' ? letter
        : { ...letter, state: 'failed', why: texts.errors.unreachable, maybe: true }))
    if (left.length) after[chat] = left
  }
  return after
}

export const outbox = createStore<Outbox>(settled(readKept<Outbox>(sessionStorage, 'outbox', {})))
outbox.subscribe(() => keep(sessionStorage, 'outbox', outbox.get()))

const none: Letter[] = []
export const chatKey = (token: string, chat: number) => `${token}/${chat}`
export const lettersOf = (now: Outbox, key: string) => now[key] ?? none

function change(key: string, next: (letters: Letter[]) => Letter[]) {
  outbox.set((now) => {
    const { [key]: mine = none, ...others } = now
    const letters = next(mine)
    return letters.length ? { ...others, [key]: letters } : others
  })
}

const patch = (key: string, id: string, fields: Partial<Letter>) =>
  change(key, (letters) => letters.map((letter) => (letter.id === id ? { ...letter, ...fields } : letter)))

export const discard = (key: string, id: string) =>
  change(key, (letters) => letters.filter((letter) => letter.id !== id))

// Resolves to the problem when the message is no good (422): it goes back to where it was written.
async function post(token: string, chat: number, letter: Letter): Promise<Problem | undefined> {
  const key = chatKey(token, chat)
  try {
    const { number } = await api.createMessage(letter.service, token, chat, letter.body)
    patch(key, letter.id, { state: 'queued', number, why: undefined })
    announce(texts.outbox.announceQueued(number))
  } catch (error) {
    const problem = asProblem(error)
    if (problem.status === 422) {
      discard(key, letter.id)
      return problem
    }
    patch(key, letter.id, { state: 'failed', why: problem.detail, maybe: problem.maybeDone })
    alarm(texts.outbox.announceFailed(problem.detail))
  }
  return undefined
}

export function send(token: string, chat: number, service: Service, body: string) {
  const letter: Letter = { id: crypto.randomUUID?.() ?? `${Date.now()}${Math.random()}`, body, at: Date.now(), state: 'sending', service }
  change(chatKey(token, chat), (letters) => [...letters, letter])
  return post(token, chat, letter)
}

export function sendAgain(token: string, chat: number, service: Service, letter: Letter) {
  const again: Letter = { ...letter, state: 'sending', service, why: undefined, maybe: false }
  patch(chatKey(token, chat), letter.id, again)
  return post(token, chat, again)
}

// Numbers of what was sent from this page and is stored since: it says so beside them.
const sentHere = createStore<ReadonlySet<string>>(new Set())
export const useSentHere = (key: string, number: number) =>
  useSyncExternalStore(sentHere.subscribe, () => sentHere.get().has(`${key}/${number}`))

// What the list has is stored, and is shown from there.
export function stored(key: string, numbers: Set<number>) {
  const done = lettersOf(outbox.get(), key).filter(({ number }) => number !== undefined && numbers.has(number))
  if (!done.length) return
  sentHere.set((now) => new Set([...now, ...done.map(({ number }) => `${key}/${number}`)]))
  change(key, (letters) => letters.filter((letter) => !done.includes(letter)))
  for (const { number } of done) announce(texts.outbox.announceStored(number!))
}
