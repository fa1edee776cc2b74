/// What a dying worker wrote: the runtime's report, or what a library complained of.
package struct LastWords: Sendable, Equatable {
  /// All of it, for the report.
  package let text: String

  package init(_ text: String) { self.text = text }

  private static let announcement = Array("*** Signal ".utf8)

  /// The signal over which the runtime has begun its report: the process will not answer any more.
  static func announcedSignal(in bytes: [UInt8]) -> Int32? {
    guard let start = bytes.firstRange(of: announcement)?.upperBound else { return nil }
    let digits = bytes[start...].prefix { (48...57).contains($0) }
    return Int32(String(decoding: digits, as: UTF8.self))
  }

  /// What went wrong and in which function: `Range requires lowerBound <= upperBound, in DiscFit.weights(_:),
  /// DiscFit.swift:142`. Nil where nothing was said.
  package var cause: String? {
    let parts = [failure, place.map { "in \($0)" }].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// The runtime, C++ and C each say in their own way that there is no memory left.
  package var isOutOfMemory: Bool {
    ["failed to allocate", "bad_alloc", "Cannot allocate memory", "out of memory", "Could not allocate"]
      .contains { text.contains($0) }
  }

  private var failure: String? {
    if isOutOfMemory { return "it needs more memory than it may have" }
    for line in text.split(separator: "\n") {
      if let rest = after("*** Swift runtime failure: ", in: line) { return trimmed(rest) }
      if let rest = after("Fatal error: ", in: line) { return String(rest.prefix(200)) }
    }
    return nil
  }

  /// The innermost function of the program itself, and its line.
  private var place: String? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard let number = words.first, Int(number) != nil, !line.contains("[system]"),
        line.contains(".swift:"),
        let address = words.firstIndex(where: { $0.hasPrefix("0x") }), let at = words.lastIndex(of: "at"),
        let end = words.lastIndex(of: "in"), address + 1 < end, at + 1 < words.count
      else { continue }
      var name = words[(address + 1)..<end]
      if name.count > 2, name[name.endIndex - 2] == "+" { name = name.dropLast(2) }
      let file = words[at + 1].split(separator: "/").last ?? words[at + 1]
      let position = file.split(separator: ":").prefix(2).joined(separator: ":")
      return "\(name.joined(separator: " ")), \(position)"
    }
    return nil
  }

  private func after(_ start: String, in line: Substring) -> Substring? {
    line.firstRange(of: start).map { line[$0.upperBound...] }
  }

  private func trimmed(_ text: Substring) -> String {
    var text = text.prefix(200)
    while let last = text.last, last == "*" || last == " " { text = text.dropLast() }
    return String(text)
  }
}
