import Analysis
import Foundation
import Testing

import ewald

/// The documentation says what the program does: its tables are held against the program's own lists and sources.
@Suite struct DocumentationTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private let catalogue = "Sources/ewald/Documentation.docc"

  private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The tables of keys are made from the commands; EWALD_RECORD=1 writes them anew, and fails.
  @Test func `The manual lists every key`() throws {
    let path = "\(catalogue)/Manual.md"
    let manual = try text(path)
    let start = try #require(manual.range(of: "### In every view"))
    let end = try #require(manual.range(of: "Filters: `kind"))
    if ProcessInfo.processInfo.environment["EWALD_RECORD"] != nil {
      let new = manual[..<start.lowerBound] + Manual.keyTables + manual[end.lowerBound...]
      try String(new).write(to: root.appending(path: path), atomically: true, encoding: .utf8)
      Issue.record("recorded: read the difference, then run again without EWALD_RECORD")
    }
    #expect(try text(path).contains(Manual.keyTables))
  }

  @Test func `The manual lists every verb`() throws {
    let manual = try text("\(catalogue)/Manual.md")
    for verb in verbs where !verb.isHidden { #expect(manual.contains("`ewald \(verb.name)"), "\(verb.name)") }
  }

  @Test func `The manual explains every reason in the program's words`() throws {
    let manual = try text("\(catalogue)/Manual.md")
    let start = try #require(manual.range(of: "## Why an answer is no plain accept"))
    let end = try #require(manual.range(of: "## Events"))
    let table = manual[start.upperBound..<end.lowerBound].split(separator: "\n")
    for code in ReasonCode.allCases {
      let row = table.first { $0.hasPrefix("| `\(code.rawValue)` | ") }
      #expect(row?.hasSuffix(" | \(code.explanation) |") == true, "\(code)")
    }
    #expect(table.count { $0.hasPrefix("| `") } == ReasonCode.allCases.count)
  }

  @Test func `No engine has words of its own for a reason`() throws {
    for engine in [
      "FrameQuality", "PACBED", "CBLEED", "SPED", "AtomTomography", "FrameScaling", "LiveSession",
    ] {
      let folder = root.appending(path: "Sources/\(engine)")
      let files =
        FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
      for case let file as URL in files where file.pathExtension == "swift" {
        let source = try String(contentsOf: file, encoding: .utf8)
        #expect(source.firstMatch(of: /Reason\(\s*"[A-Z0-9]{2,4}"/) == nil, "\(file.lastPathComponent)")
      }
    }
  }

  @Test func `The guide shows an engine that is compiled and tested`() throws {
    let source = try text("Tests/ewaldTests/Contract/TemplateEngine.swift")
    #expect(source.split(separator: "\n", omittingEmptySubsequences: false).count < 50)
    #expect(try text("\(catalogue)/Guides.md").contains("```swift\n\(source)```"))
  }

  @Test func `The README is short, and every link leads somewhere`() throws {
    #expect(try text("README.md").utf8.count <= 8192)
    let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: catalogue).path)
    let pages = ["README.md", ".github/CONTRIBUTING.md"] + names.map { "\(catalogue)/\($0)" }
    #expect(pages.count > 8)
    for page in pages {
      let folder = root.appending(path: page).deletingLastPathComponent()
      for match in try text(page).matches(of: /\]\(([^)#:]+)\)/) {
        let target = folder.appending(path: String(match.1)).standardizedFileURL.path
        #expect(FileManager.default.fileExists(atPath: target), "\(page): \(match.1)")
      }
    }
  }
}
