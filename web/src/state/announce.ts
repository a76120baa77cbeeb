// What a screen reader is told about things that change elsewhere on the page.
import { createStore } from './store'

export interface Announcement {
  text: string
  id: number // the same words twice are two announcements
}

export const polite = createStore<Announcement>({ text: '', id: 0 })
export const urgent = createStore<Announcement>({ text: '', id: 0 })

export const announce = (text: string) => polite.set((now) => ({ text, id: now.id + 1 }))
export const alarm = (text: string) => urgent.set((now) => ({ text, id: now.id + 1 }))
