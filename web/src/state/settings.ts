// What a person chose: the service for creating, the colours; and the admin key, for this tab only.
import type { Service } from '../api/types'
import { keptStore } from './kept'

export const service = keptStore<Service>(localStorage, 'service', 'api')

export type Theme = 'system' | 'light' | 'dark'
export const theme = keptStore<Theme>(localStorage, 'theme', 'system')

export const adminKey = keptStore<string>(sessionStorage, 'admin-key', '')

export function applyTheme() {
  const now = theme.get()
  if (now === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = now
}

export function nextTheme() {
  const order: Theme[] = ['system', 'light', 'dark']
  theme.set((now) => order[(order.indexOf(now) + 1) % order.length]!)
}
