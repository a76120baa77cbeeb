// A mistake of this page's own: said, instead of an empty page.
import { Component, type ReactNode } from 'react'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Empty } from '../ui/Empty'

export class Crash extends Component<{ children: ReactNode }, { crashed: boolean }> {
  state = { crashed: false }

  static getDerivedStateFromError() {
    return { crashed: true }
  }

  render() {
    if (!this.state.crashed) return this.props.children
    return (
      <main className="crash">
        <Empty icon="warning" title={texts.errors.crashTitle} text={texts.errors.crashText}>
          <Button kind="primary" onClick={() => location.reload()}>{texts.errors.reload}</Button>
        </Empty>
      </main>
    )
  }
}
