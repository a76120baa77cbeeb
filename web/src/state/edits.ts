// Changes to messages that are being written: kept for this tab, since a row that is scrolled away is no
// longer in the document.
import { useSyncExternalStore } from 'react'
import { keptStore } from './kept'

const edits = keptStore<Record<string, string>>(sessionStorage, 'edits', {})

export const useEdit = (key: string) => useSyncExternalStore(edits.subscribe, () => edits.get()[key])

export const keepEdit = (key: string, body: string) => edits.set((now) => ({ ...now, [key]: body }))

export const endEdit = (key: string) =>
  edits.set((now) => {
    if (!(key in now)) return now
    const { [key]: _, ...others } = now
    return others
  })
