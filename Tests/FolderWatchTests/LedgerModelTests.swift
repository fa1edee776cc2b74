import System
import FolderWatch
import Testing

/// What an observer who only hears the changes believes.
private struct Observer {
  struct Entry {
    var path: RawPath
    var state: FileState
    var superseded = false
  }
  var entries: [FileID: Entry] = [:]
  var pending: [WatchedFile] = []
  var complaints: [String] = []
  /// What was read to the end, and what was found out at least.
  var read: [FileID: FileIdentity] = [:]
  var judged: [FileID: FileIdentity] = [:]

  mutating func hear(_ changes: [FileChange]) {
    for change in changes {
      switch change {
      case .appeared(let file, let state):
        if entries[file.id] != nil { complaints.append("\(file.path) appeared twice") }
        entries[file.id] = Entry(path: file.path, state: state)
      case .revised(let file, let old, _):
        if entries[old] == nil { complaints.append("a revision of nothing: \(file.path)") }
        entries[old]?.superseded = true
        entries[file.id] = Entry(path: file.path, state: .waiting(.settling))
      case .renamed(let id, let path):
        if entries[id] == nil { complaints.append("renamed without having appeared: \(path)") }
        entries[id]?.path = path
      case .state(let id, let state):
        if entries[id] == nil { complaints.append("a state of nothing: \(state)") }
        entries[id]?.state = state
      case .ready(let file):
        if entries[file.id] == nil { complaints.append("offered without having appeared: \(file.path)") }
        if pending.contains(where: { $0.id == file.id }) { complaints.append("offered twice: \(file.path)") }
        if let read = read[file.id], read.isSameContent(as: file.identity), file.offer != .growing {
          complaints.append("read already: \(file.path) \(file.offer)")
        }
        entries[file.id]?.state = .ready
        pending.append(file)
      case .folder: break
      }
    }
  }
}

@Suite struct LedgerModel {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func noFileIsLostAndNoneIsReadTwice(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var bench = LedgerBench(events: seed % 3 != 0)
    var observer = Observer()
    let names = ["a.tif", "b.tif", "c.tif", "d/e.tif", "d/f.tif"] + ["a.tif.tmp", ".x.part", "n.tmp"]

    func tell(_ bench: inout LedgerBench, _ path: String, _ hint: FileHint, _ random: inout SplitMix64) {
      // A third of all hints is lost; on a share all are.
      if seed % 3 != 0, !path.hasPrefix("d/"), Int.random(in: 0..<3, using: &random) > 0 {
        bench.hint(path, hint)
      }
    }
    func read(_ bench: inout LedgerBench, _ observer: inout Observer, _ outcome: ReadOutcome, _ which: Int) {
      let file = observer.pending.remove(at: which)
      let path = observer.entries[file.id]?.path ?? file.path
      guard let there = bench.disk[path.string ?? ""]?.identity else {
        return bench.report(.changed, file)
      }
      if outcome == .done { observer.read[file.id] = there }
      observer.judged[file.id] = there
      bench.report(outcome, file, read: there)
    }

    for _ in 0..<200 {
      let name = names.randomElement(using: &random) ?? ""
      let other = names.randomElement(using: &random) ?? ""
      switch Int.random(in: 0..<12, using: &random) {
      case 0, 1:
        bench.write(name, size: Int64.random(in: 0..<50, using: &random))
        tell(&bench, name, .modified, &random)
        if Bool.random(using: &random) { tell(&bench, name, .closed, &random) }
      case 2:
        guard let size = bench.disk[name]?.identity.size else { break }
        bench.write(name, size: size + 7)
        tell(&bench, name, [.modified, .closed], &random)
      case 3:
        bench.remove(name, hint: false)
        tell(&bench, name, .removed, &random)
      case 4:
        guard name != other, bench.disk[name] != nil else { break }
        bench.rename(name, to: other, hints: false)
        tell(&bench, name, .removed, &random)
        tell(&bench, other, .movedIn, &random)
      case 5:
        guard bench.disk[other] == nil, bench.disk[name] != nil else { break }
        bench.link(other, to: name)
        tell(&bench, other, .created, &random)
      case 6, 7: bench.scan()
      case 8: bench.advance(Double.random(in: 0..<4, using: &random))
      case 9: bench.advance(0.25)
      default:
        guard !observer.pending.isEmpty else { break }
        let outcomes: [ReadOutcome] = [
          .done, .done, .done, .truncated("short"), .refused("no"), .partial, .changed,
        ]
        let which = observer.pending.indices.randomElement(using: &random) ?? 0
        read(&bench, &observer, outcomes.randomElement(using: &random) ?? .done, which)
      }
      observer.hear(bench.takeLog())
    }

    // Everything comes to rest; from now on everything is readable.
    for round in 0..<200 {
      bench.scan()
      bench.advance(round < 20 ? 2.5 : 61)
      observer.hear(bench.takeLog())
      while !observer.pending.isEmpty {
        read(&bench, &observer, .done, 0)
        observer.hear(bench.takeLog())
      }
    }

    #expect(observer.complaints.isEmpty, "seed \(seed)")
    let live = observer.entries.filter { !$0.value.superseded && $0.value.state != .gone }
    for (name, file) in bench.disk where FileNames.classify(file.path.name.bytes) != .ignored {
      let here = live.filter { $0.value.path == RawPath(name) }
      #expect(here.count == 1, "seed \(seed): \(name) has \(here.count) entries")
      guard let (id, entry) = here.first else { continue }
      if FileNames.classify(file.path.name.bytes) == .temporary {
        #expect(entry.state != .ready, "seed \(seed): \(name)")
        continue
      }
      switch entry.state {
      case .waiting(.empty): #expect(file.identity.size == 0, "seed \(seed): \(name)")
      case .sameAs(let original):
        let known = observer.judged[original]
        let isRead = known?.isSameContent(as: file.identity) ?? false
        let isEmpty = observer.entries[original]?.state == .waiting(.empty) && file.identity.size == 0
        #expect(isRead || isEmpty, "seed \(seed): \(name) is the same as something that was not read")
      case .done, .refused, .incomplete:
        #expect(
          observer.judged[id]?.isSameContent(as: file.identity) == true, "seed \(seed): \(name) is outdated")
      default: Issue.record("seed \(seed): \(name) is \(entry.state)")
      }
    }
    for (_, entry) in live {
      #expect(bench.disk[entry.path.string ?? ""] != nil, "seed \(seed): \(entry.path) is not gone")
    }
  }
}
