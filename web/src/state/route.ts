// The address: every view has one, behind the #, so that static files and a reload are enough. A token is a
// secret, and what stands behind the # never reaches a server.
import { createStore, useStore } from './store'

export type Route =
  | { view: 'chats'; token?: string; chat?: number; message?: number; q?: string }
  | { view: 'performance' }
  | { view: 'status' }
  | { view: 'lost' }

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  if (path === '') return { view: 'chats' }
  if (path === 'performance' || path === 'status') return { view: path }
  const found = /^applications\/([0-9a-f]{32})(?:\/chats\/([1-9]\d{0,9})(?:\/messages\/([1-9]\d{0,9}))?)?$/.exec(path)
  if (!found) return { view: 'lost' }
  const [, token, chat, message] = found
  const q = new URLSearchParams(query).get('q')
  return {
    view: 'chats',
    token,
    ...(chat && { chat: Number(chat) }),
    ...(message && { message: Number(message) }),
    ...(chat && q !== null && { q }),
  }
}

export function hashOf(route: Route): string {
  if (route.view === 'lost') return '#/'
  if (route.view !== 'chats') return `#/${route.view}`
  let path = '#/'
  if (route.token) path += `applications/${route.token}`
  if (route.chat) path += `/chats/${route.chat}`
  if (route.message) path += `/messages/${route.message}`
  if (route.q !== undefined) path += `?q=${encodeURIComponent(route.q)}`
  return path
}

const current = createStore<Route>(parseRoute(location.hash))
addEventListener('hashchange', () => current.set(parseRoute(location.hash)))

export const useRoute = () => useStore(current)
export const currentRoute = () => current.get()

export function go(route: Route) {
  location.hash = hashOf(route)
}

// Without an entry in the history: what is typed into the search is not a place to go back to.
export function replaceRoute(route: Route) {
  history.replaceState(null, '', hashOf(route))
  current.set(route)
}
