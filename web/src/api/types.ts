// What the services send, as doc/protocol.md has it.

export type Service = 'api' | 'writer'

export interface Application {
  name: string
  token: string
  chats_count: number
  created_at: string
  updated_at: string
}

export interface Chat {
  number: number
  messages_count: number
  created_at?: string // not yet in the answer to a POST
  updated_at?: string
}

export interface Message {
  number: number
  body: string
  created_at: string
  updated_at: string
}

export interface Hit extends Message {
  highlight: string // HTML with <em>: only ever through highlightParts
}

export interface Part {
  status: 'ok' | 'down' | 'disabled'
  latency_ms?: number
  durability?: string
  warnings?: string[]
}

export interface Health {
  status: 'healthy' | 'unhealthy'
  services: { mysql: Part; redis: Part; elasticsearch: Part }
  queue: { depth: number | null; oldest_age_s: number | null; retry: number | null; dead: number | null }
}
