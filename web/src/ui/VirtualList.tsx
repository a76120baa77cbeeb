// A list of which only what is near the view is in the document, so that ten thousand messages cost as little
// as twenty. Heights are estimated until they are measured; what one is looking at stays where it is while
// things above it grow, come or go; at the end it follows what comes.
import { useCallback, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode, Ref } from 'react'
import { flushSync } from 'react-dom'

export interface ListHandle {
  scrollTo(key: string): void // to the middle of the view, and the focus there
  scrollToEnd(): void
  isAtEnd(): boolean
}

interface Props<T> {
  items: readonly T[]
  keyOf: (item: T) => string
  render: (item: T) => ReactNode
  label: string
  busy: boolean
  header: ReactNode // above the first item, headerHeight high
  onNearTop: () => void
  onNearEnd: () => void
  onEndChange: (atEnd: boolean) => void
  handle: Ref<ListHandle>
}

const estimate = 58
const headerHeight = 64
const footerHeight = 16
const overscan = 700
const near = 1500

// The last index whose offset is not above `at`.
export function indexAt(offsets: Float64Array, at: number) {
  let low = 0
  let high = offsets.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (offsets[middle]! <= at) low = middle
    else high = middle - 1
  }
  return low
}

export function VirtualList<T>(props: Props<T>) {
  const { items, keyOf, render, label, busy, header, handle } = props
  const scroller = useRef<HTMLDivElement>(null)
  const heights = useRef(new Map<string, number>())
  const [version, setVersion] = useState(0)
  const [range, setRange] = useState<readonly [number, number]>([0, 0])

  const { keys, index } = useMemo(() => {
    const keys = items.map(keyOf)
    return { keys, index: new Map(keys.map((key, n) => [key, n])) }
  }, [items, keyOf])
  const layout = useMemo(() => {
    const offsets = new Float64Array(keys.length + 1)
    offsets[0] = headerHeight
    for (let n = 0; n < keys.length; n++) offsets[n + 1] = offsets[n]! + (heights.current.get(keys[n]!) ?? estimate)
    return { keys, offsets, index }
    // (version: a height was measured)
  }, [keys, index, version])

  // What scrolling and measuring read; they come between two renderings.
  const now = useRef({ props, layout })
  now.current = { props, layout }
  const pinned = useRef(true)
  const anchor = useRef<{ key: string; delta: number } | null>(null)
  const target = useRef<{ key: string; until: number } | null>(null)

  const total = layout.offsets[layout.keys.length]! + footerHeight

  // What is at the top of the view, for the next layout to keep there; what is in view; what is to be fetched.
  const look = useCallback((): readonly [number, number] => {
    const { keys, offsets } = now.current.layout
    const { scrollTop, clientHeight } = scroller.current!
    if (!keys.length) return [0, 0]
    const first = Math.min(indexAt(offsets, scrollTop), keys.length - 1)
    anchor.current = { key: keys[first]!, delta: scrollTop - offsets[first]! }
    const start = Math.min(indexAt(offsets, scrollTop - overscan), keys.length - 1)
    const end = Math.min(indexAt(offsets, scrollTop + clientHeight + overscan) + 1, keys.length)
    return [start, end]
  }, [])

  const wish = useCallback(() => {
    const { props, layout } = now.current
    const { scrollTop, clientHeight } = scroller.current!
    const end = layout.offsets[layout.keys.length]!
    if (!layout.keys.length || !clientHeight) return
    if (scrollTop < near) props.onNearTop()
    if (scrollTop + clientHeight > end - near) props.onNearEnd()
  }, [])

  const settle = useCallback(() => {
    const element = scroller.current!
    const { layout } = now.current
    const wanted = wantedTop(element, layout.offsets, layout.index, pinned.current, target.current, anchor.current)
    if (wanted !== undefined && Math.abs(element.scrollTop - wanted) > 0.5) element.scrollTop = wanted
    const next = look()
    setRange((old) => (old[0] === next[0] && old[1] === next[1] ? old : next))
  }, [look])

  useLayoutEffect(settle, [layout, settle])
  useLayoutEffect(wish, [layout, wish])

  const [observer] = useState(() => new ResizeObserver((entries) => {
    let changed = false
    for (const { target: row, borderBoxSize } of entries) {
      const key = (row as HTMLElement).dataset.key
      const height = borderBoxSize[0]?.blockSize ?? 0
      if (key === undefined) changed = true // the view itself
      else if (height && heights.current.get(key) !== height) {
        heights.current.set(key, height)
        changed = true
      }
    }
    // Before this frame is painted, so that nothing is seen to jump.
    if (changed) flushSync(() => setVersion((n) => n + 1))
  }))
  useLayoutEffect(() => {
    observer.observe(scroller.current!)
    return () => observer.disconnect()
  }, [observer])
  const watch = useCallback((row: HTMLElement | null) => {
    if (!row) return
    observer.observe(row)
    return () => observer.unobserve(row)
  }, [observer])

  function onScroll() {
    const element = scroller.current!
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 48
    if (atEnd !== pinned.current) {
      pinned.current = atEnd
      props.onEndChange(atEnd)
    }
    const next = look()
    if (next[0] !== range[0] || next[1] !== range[1]) {
      keepFocus(element, next, layout.index)
      flushSync(() => setRange(next))
    }
    wish()
  }

  useImperativeHandle(handle, () => ({
    scrollTo(key) {
      pinned.current = false
      target.current = { key, until: performance.now() + 800 }
      settle()
      requestAnimationFrame(() => focusRow(scroller.current, key))
    },
    scrollToEnd() {
      pinned.current = true
      target.current = null
      settle()
      props.onEndChange(true)
    },
    isAtEnd: () => pinned.current,
  }), [settle, props])

  // Who scrolls by hand is no longer on the way to a target.
  const letGo = () => void (target.current = null)
  const [start, end] = [Math.min(range[0], items.length), Math.min(range[1], items.length)]

  return (
    <div className="scroller" ref={scroller} tabIndex={0} role="group" aria-label={label} onScroll={onScroll}
      onWheel={letGo} onTouchMove={letGo} onKeyDown={(event) => { letGo(); onKey(event) }}>
      <div className="scroller-content" style={{ height: total }}>
        <div className="scroller-header" style={{ height: headerHeight }}>{header}</div>
        <div role="feed" aria-label={label} aria-busy={busy} className="feed"
          style={{ transform: `translateY(${layout.offsets[start]}px)` }}>
          {items.slice(start, end).map((item) => {
            const key = keyOf(item)
            return <div key={key} data-key={key} ref={watch} role="presentation">{render(item)}</div>
          })}
        </div>
      </div>
    </div>
  )
}

function wantedTop(element: HTMLElement, offsets: Float64Array, index: Map<string, number>, pinned: boolean,
  target: { key: string; until: number } | null, anchor: { key: string; delta: number } | null) {
  if (target && performance.now() < target.until) {
    const n = index.get(target.key)
    if (n !== undefined) return offsets[n]! - (element.clientHeight - (offsets[n + 1]! - offsets[n]!)) / 2
  }
  if (pinned) return element.scrollHeight
  const n = anchor ? index.get(anchor.key) : undefined
  return n === undefined ? undefined : offsets[n]! + anchor!.delta
}

// A row that leaves the document would take the focus with it.
function keepFocus(scroller: HTMLElement, [start, end]: readonly [number, number], index: Map<string, number>) {
  const row = document.activeElement?.closest<HTMLElement>('[data-key]')
  if (!row || !scroller.contains(row)) return
  const n = index.get(row.dataset.key!)
  if (n === undefined || n < start || n >= end) scroller.focus({ preventScroll: true })
}

const rowOf = (scroller: HTMLElement | null, key: string) =>
  scroller?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] article`)

const focusRow = (scroller: HTMLElement | null, key: string) =>
  rowOf(scroller, key)?.focus({ preventScroll: true })

// Up and Down go from message to message. From the list itself, Up goes to the last one in view.
function onKey(event: KeyboardEvent<HTMLElement>) {
  const typing = (event.target as HTMLElement).closest('textarea, input')
  if (typing || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('article')]
  const row = (event.target as HTMLElement).closest<HTMLElement>('article')
  const bottom = event.currentTarget.getBoundingClientRect().bottom
  const inView = rows.findLastIndex((one) => one.getBoundingClientRect().bottom <= bottom + 1)
  const next = row ? rows.indexOf(row) + (event.key === 'ArrowUp' ? -1 : 1) : inView
  if (!rows[next]) return
  event.preventDefault()
  rows[next].focus({ preventScroll: true })
  rows[next].scrollIntoView({ block: 'nearest' })
}
