// Where the services are. The web server of this page tells it in config.json, a word for each service:
//   ":3000"                   that port of the host that this page came from
//   "/api"                    a path of this page's own origin (a reverse proxy)
//   "https://api.example.com" another address
import type { Service } from './types'

const standard: Record<Service, string> = { api: ':3000', writer: ':8080' }

export function baseOf(word: string, page: Pick<Location, 'protocol' | 'hostname' | 'origin'>): string {
  if (word.startsWith(':')) return `${page.protocol}//${page.hostname}${word}`
  if (word.startsWith('/')) return page.origin + word.replace(/\/+$/, '')
  return word.replace(/\/+$/, '')
}

async function load(): Promise<Record<Service, string>> {
  let words = standard
  try {
    const answer = await fetch('config.json')
    if (answer.ok) words = { ...standard, ...(await answer.json()) }
  } catch {
    // a server without that file: the usual ports
  }
  return { api: baseOf(words.api, location), writer: baseOf(words.writer, location) }
}

let loading: Promise<Record<Service, string>> | undefined

// Asked for once; the page is drawn meanwhile.
export async function base(service: Service) {
  loading ??= load()
  return (await loading)[service]
}
