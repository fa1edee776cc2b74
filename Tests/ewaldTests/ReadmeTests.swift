import Foundation
import Testing

import ewald

/// The README says what the program does: its tables come from the program's own lists.
private let readme: String = {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return (try? String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)) ?? ""
}()

@Test func theReadmeListsEveryKey() {
  for command in commands {
    let keys = command.keys.map { "`\($0.name)`" }.joined(separator: " ")
    #expect(readme.contains("| \(keys) | \(command.title) |"), "\(command.action)")
  }
}

@Test func theReadmeListsEveryVerb() {
  for verb in verbs where !verb.isHidden {
    #expect(readme.contains("`ewald \(verb.name)"), "\(verb.name)")
  }
}
