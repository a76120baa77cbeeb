// Stores whose value outlives the page: for this tab (sessionStorage) or this browser (localStorage). A
// browser that keeps nothing loses only that.
import { createStore, type Store } from './store'

const prefix = 'parley.'

export function readKept<T>(storage: Storage, name: string, fallback: T): T {
  try {
    const text = storage.getItem(prefix + name)
    return text === null ? fallback : JSON.parse(text)
  } catch {
    return fallback
  }
}

export function keep(storage: Storage, name: string, value: unknown) {
  try {
    if (value === null || value === '') storage.removeItem(prefix + name)
    else storage.setItem(prefix + name, JSON.stringify(value))
  } catch {
    // full, or forbidden
  }
}

export function keptStore<T>(storage: Storage, name: string, fallback: T): Store<T> {
  const store = createStore(readKept(storage, name, fallback))
  store.subscribe(() => keep(storage, name, store.get()))
  return store
}
