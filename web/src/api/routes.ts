// The routes of doc/protocol.md that the front end uses, each a function.
import { call, hasNext, hasPrev } from './client'
import { base } from './config'
import type { Application, Chat, Health, Hit, Message, Service } from './types'

export const newest = 9007199254740991 // `before` this is the newest page

const app = (token: string) => `/applications/${token}`
const chat = (token: string, number: number) => `${app(token)}/chats/${number}`
const message = (token: string, number: number, of: number) => `${chat(token, number)}/messages/${of}`

export async function listApplications(key: string, after = '') {
  const path = '/applications?limit=100' + (after && `&after=${after}`)
  const { data, headers } = await call<Application[]>('GET', path, { key })
  return { items: data, more: hasNext(headers) }
}

export const createApplication = async (key: string, name: string) =>
  (await call<Application>('POST', '/applications', { key, body: { name } })).data

export const readApplication = async (token: string) => (await call<Application>('GET', app(token))).data

export const renameApplication = async (key: string, token: string, name: string) =>
  (await call<Application>('PATCH', app(token), { key, body: { name } })).data

export const deleteApplication = async (key: string, token: string) => {
  await call('DELETE', app(token), { key })
}

export async function listChats(token: string, before = newest) {
  const { data, headers } = await call<Chat[]>('GET', `${app(token)}/chats?limit=100&before=${before}`)
  return { items: data, more: hasPrev(headers) }
}

export const createChat = async (service: Service, token: string) =>
  (await call<Chat>('POST', `${app(token)}/chats`, { service, body: {} })).data

export const deleteChat = async (token: string, number: number) => {
  await call('DELETE', chat(token, number))
}

export async function listMessages(token: string, number: number, range: { before?: number; after?: number; limit?: number }) {
  const { limit = 100 } = range
  const where = range.after === undefined ? `before=${range.before ?? newest}` : `after=${range.after}`
  const { data, headers } = await call<Message[]>('GET', `${chat(token, number)}/messages?limit=${limit}&${where}`)
  return { items: data, more: range.after === undefined ? hasPrev(headers) : hasNext(headers) }
}

export const createMessage = async (service: Service, token: string, number: number, body: string) =>
  (await call<{ number: number }>('POST', `${chat(token, number)}/messages`, { service, body: { body } })).data

export const editMessage = async (token: string, number: number, of: number, body: string) =>
  (await call<Message>('PATCH', message(token, number, of), { body: { body } })).data

export const deleteMessage = async (token: string, number: number, of: number) => {
  await call('DELETE', message(token, number, of))
}

export interface Found {
  hits: Hit[]
  total: number
  source: string
  incomplete: boolean
  more: boolean
}

export async function search(token: string, number: number, q: string, page: number, signal: AbortSignal): Promise<Found> {
  const path = `${chat(token, number)}/messages/search?q=${encodeURIComponent(q)}&limit=50&page=${page}`
  const { data, headers } = await call<Hit[]>('GET', path, { signal })
  return {
    hits: data,
    total: Number(headers.get('X-Total-Count') ?? data.length),
    source: headers.get('X-Search-Source') ?? '',
    incomplete: headers.get('X-Search-Incomplete') === 'true',
    more: hasNext(headers),
  }
}

export const health = async (service: Service) =>
  (await call<Health>('GET', '/health', { service, timeoutS: 8, accept: [503] })).data

// A browser hides from a page whether nobody answers or the page's origin is not allowed. Asked without
// wanting to read, it says which.
export async function runsElsewhere() {
  try {
    await fetch((await base('api')) + '/health/live', { mode: 'no-cors', cache: 'no-store', credentials: 'omit' })
    return true
  } catch {
    return false
  }
}
