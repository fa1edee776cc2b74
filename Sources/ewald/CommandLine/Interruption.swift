import Dispatch
import Glibc
import Synchronization

/// Whether Ctrl-C or SIGTERM came, for long work without a screen: it asks now and then, and ends in order.
/// One at a time: the second on a signal would hear nothing.
final class Interruption: Sendable {
  private let flag = Flag()
  private let sources: Mutex<[any DispatchSourceSignal]>

  private final class Flag: Sendable {
    let isRaised = Atomic<Bool>(false)
  }

  private static let signals = [SIGINT, SIGTERM]

  init() {
    let sources = Self.signals.map { [flag] number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { flag.isRaised.store(true, ordering: .relaxed) }
      source.resume()
      return source
    }
    self.sources = Mutex(sources)
  }

  deinit {
    sources.withLock { for source in $0 { source.cancel() } }
    for number in Self.signals { signal(number, SIG_DFL) }
  }

  var came: Bool { flag.isRaised.load(ordering: .relaxed) }
}
