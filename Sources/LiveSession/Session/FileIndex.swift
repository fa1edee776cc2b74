import FolderWatch
import System

/// Which file is which: by the watcher's name for it, by its identity, by its path, by its content.
package struct FileIndex: Sendable {
  private var numbers: [FileID: Int] = [:]
  /// What the watcher calls a file; the row has everything else.
  private var watched: [Int: FileID] = [:]
  /// What a continued session knows already.
  private let known: [FileIdentity: Int]
  /// By the hash of the path: of 64 bits, so that a hundred thousand paths need not be kept to tell them apart.
  private var latest: [Int: Int] = [:]
  private var contents: ContentIndex
  private var nextNumber: Int

  /// Begins with what the session has recorded so far.
  package init(_ state: SessionState, contents: ContentIndex) {
    self.contents = contents
    nextNumber = state.files.count + 1
    var known: [FileIdentity: Int] = [:]
    for row in state.files {
      guard let status = row.status else { continue }
      latest[row.path.hashValue] = row.id
      if !status.isTransient, status != .gone { known[row.identity] = row.id }
    }
    self.known = known
  }

  // MARK: The watcher's names

  package func number(of id: FileID) -> Int? { numbers[id] }
  package func watchedFile(_ number: Int) -> FileID? { watched[number] }

  /// The watcher calls the file with this number so from now on.
  package mutating func bind(_ id: FileID, to number: Int) {
    numbers[id] = number
    watched[number] = id
  }

  // MARK: New files

  /// A number never given before.
  package mutating func add(_ id: FileID, at path: String) -> Int {
    let number = nextNumber
    nextNumber += 1
    latest[path.hashValue] = number
    bind(id, to: number)
    return number
  }

  /// The file of an earlier run of the session that stands unchanged at this path.
  package func known(_ identity: FileIdentity, at path: String, in state: SessionState) -> Int? {
    known[identity].flatMap { state[file: $0]?.path == path ? $0 : nil }
  }

  /// Whether an earlier run of the session left it exactly so.
  package func isUnchanged(_ number: Int, _ identity: FileIdentity) -> Bool { known[identity] == number }

  /// The newest file that has, or had, this path.
  package func latest(at path: String, in state: SessionState) -> FileRow? {
    latest[path.hashValue].flatMap { state[file: $0] }.flatMap { $0.path == path ? $0 : nil }
  }

  // MARK: Contents

  /// Whose content this is.
  package enum Claim: Equatable {
    /// No one had it; now it is this file's.
    case granted
    case held
    case taken(by: Int)
  }

  /// Of two files with one content that come together, one is analysed.
  package mutating func claim(_ content: String, for number: Int) -> Claim {
    guard let owner = contents[content] else {
      contents[content] = number
      return .granted
    }
    return owner == number ? .held : .taken(by: owner)
  }

  /// Nothing came of it: the next file with this content is analysed.
  package mutating func release(_ content: String) { contents[content] = nil }

  package mutating func record(_ content: String, of number: Int) { contents[content] = number }
}
