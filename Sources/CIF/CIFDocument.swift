/// One data block of a CIF file: single values and tables, each value with its line.
package struct CIFBlock: Sendable {
  package struct Value: Equatable, Sendable {
    package var text: String
    package var quoted: Bool
    package var line: Int

    /// `.` and `?` stand for nothing said.
    package var isKnown: Bool { quoted || (text != "." && text != "?") }

    /// The number without its standard uncertainty: `4.5937(3)` is 4.5937.
    package var number: Double? {
      let digits = text.prefix { $0 != "(" }
      guard digits.utf8.count <= 40, let value = Double(digits), value.isFinite else { return nil }
      return value
    }
  }

  package struct Table: Sendable {
    package var tags: [String]
    package var line: Int
    /// Row after row.
    package var values: [Value]

    package init(tags: [String], line: Int, values: [Value]) {
      self.tags = tags
      self.line = line
      self.values = values
    }

    package var rows: Int { tags.isEmpty ? 0 : values.count / tags.count }

    package func column(_ tag: String) -> Int? { tags.firstIndex(of: tag) }
    package subscript(row: Int, column: Int) -> Value { values[row * tags.count + column] }
  }

  package var name: String
  package var line: Int
  package var items: [String: Value] = [:]
  package var tables: [Table] = []

  /// The first of `tags` that has a value.
  package func value(_ tags: String...) -> Value? {
    for tag in tags {
      if let value = items[tag], value.isKnown { return value }
    }
    return nil
  }

  package func table(with tag: String) -> Table? { tables.first { $0.column(tag) != nil } }

  /// Every value of a column, or the single value that some writers give instead of a loop of one.
  package func column(_ tags: String...) -> [Value] {
    for tag in tags {
      if let table = table(with: tag), let column = table.column(tag) {
        return (0..<table.rows).map { table[$0, column] }.filter(\.isKnown)
      }
      if let value = items[tag], value.isKnown { return [value] }
    }
    return []
  }
}

/// Reads the data blocks of a CIF text.
package enum CIFDocument {
  /// Crystal structures are small; protein coordinates and reflection lists are not ours.
  package static let byteLimit = 16 << 20
  static let valueLimit = 1_000_000

  package static func blocks(_ bytes: [UInt8]) throws(CIFError) -> [CIFBlock] {
    try parse(bytes, leavesOpenEnd: false).blocks
  }

  /// Of a file that may still be written: a last row that is not whole is left out of its list, and this is said.
  package static func growingBlocks(
    _ bytes: [UInt8]
  ) throws(CIFError) -> (blocks: [CIFBlock], isCut: Bool) {
    try parse(bytes, leavesOpenEnd: true)
  }

  private static func parse(
    _ bytes: [UInt8], leavesOpenEnd: Bool
  ) throws(CIFError) -> (blocks: [CIFBlock], isCut: Bool) {
    var isCut = false
    guard bytes.count <= byteLimit else {
      throw CIFError(line: nil, reason: "larger than \(byteLimit >> 20) MiB")
    }
    var lexer = CIFLexer(bytes)
    var blocks: [CIFBlock] = []
    var pending = lexer.next()
    var values = 0
    while let (word, line) = pending {
      pending = lexer.next()
      if case .data(let name) = word {
        blocks.append(CIFBlock(name: name, line: line))
        continue
      }
      guard !blocks.isEmpty else {
        throw CIFError(line: line, reason: "expected data_ at the start, found \"\(text(of: word))\"")
      }
      let block = blocks.count - 1
      switch word {
      case .data, .other:
        continue
      case .value(let text, _):
        throw CIFError(line: line, reason: "the value \"\(text.prefix(40))\" belongs to no name")
      case .tag(let tag):
        guard case .value(let text, let quoted)? = pending?.word, let valueLine = pending?.line else {
          throw CIFError(line: line, reason: "\(tag.prefix(60)) has no value")
        }
        blocks[block].items[tag] = .init(text: text, quoted: quoted, line: valueLine)
        pending = lexer.next()
      case .loop:
        var table = CIFBlock.Table(tags: [], line: line, values: [])
        while case .tag(let tag)? = pending?.word {
          table.tags.append(tag)
          pending = lexer.next()
        }
        guard !table.tags.isEmpty else { throw CIFError(line: line, reason: "loop_ without names") }
        while case .value(let text, let quoted)? = pending?.word, let valueLine = pending?.line {
          table.values.append(.init(text: text, quoted: quoted, line: valueLine))
          pending = lexer.next()
        }
        let rest = table.values.count % table.tags.count
        if leavesOpenEnd, pending == nil, rest > 0 {
          table.values.removeLast(rest)
          isCut = true
        }
        guard table.values.count % table.tags.count == 0 else {
          throw CIFError(
            line: table.values.last?.line ?? line,
            reason: "the loop of line \(line) has \(table.values.count) values for \(table.tags.count) names")
        }
        values += table.values.count
        blocks[block].tables.append(table)
      }
      guard values <= valueLimit else { throw CIFError(line: line, reason: "more than \(valueLimit) values") }
    }
    return (blocks, isCut)
  }

  private static func text(of word: CIFLexer.Word) -> Substring {
    switch word {
    case .data(let text), .tag(let text), .value(let text, _), .other(let text): text.prefix(40)
    case .loop: "loop_"
    }
  }
}
