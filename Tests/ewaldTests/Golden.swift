import Foundation
import Testing

/// Screens as text, compared with the files in `Golden`.
///
/// To accept a change: EWALD_RECORD=1 swift test, which fails; then read the difference.
enum Golden {
  static func check(_ name: String, _ screen: String, location: SourceLocation = #_sourceLocation) throws {
    let text = screen + "\n"
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).txt")
    if ProcessInfo.processInfo.environment["EWALD_RECORD"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
      // A run that records has compared nothing, and must not look as if it had.
      Issue.record(
        "recorded: read the difference, then run again without EWALD_RECORD", sourceLocation: location)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(name)", sourceLocation: location)
  }
}
