/// The runs of a file. Nearly every file has one, which lies in the row itself.
package struct Runs: RandomAccessCollection, MutableCollection, Sendable, Equatable {
  private var earliest: RunRow?
  private var later: [RunRow] = []

  package init() {}

  package var startIndex: Int { 0 }
  package var endIndex: Int { (earliest == nil ? 0 : 1) + later.count }

  package subscript(index: Int) -> RunRow {
    get {
      guard index == 0, let earliest else { return later[index - 1] }
      return earliest
    }
    set {
      if index == 0, earliest != nil { earliest = newValue } else { later[index - 1] = newValue }
    }
  }

  mutating func append(_ run: RunRow) {
    if earliest == nil { earliest = run } else { later.append(run) }
  }
}

extension SessionState {
  /// Where the result with this identity is written, if it is one of the thousand files before.
  func offset(of id: Identifier, before fileID: Int) -> Int? {
    var index = min(fileID - 2, files.count - 1)
    let stop = max(0, index - 1000)
    while index >= stop {
      if let run = files[index].runs.first(where: { $0.id == id }) { return run.offset }
      index -= 1
    }
    return nil
  }
}
