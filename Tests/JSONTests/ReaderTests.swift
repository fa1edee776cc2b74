import JSON
import Testing

/// What RFC 8259 allows, and what this reader makes of it.
private let valid: [(String, JSONValue)] = [
  // Section 2: blanks, and a value of any kind at the top.
  (" \t\r\n null \t\r\n ", .null), ("true", .bool(true)), ("false", .bool(false)), ("\"\"", .text("")),
  ("[ ]", .list([])), ("{ }", .object([:])), ("0", .number(0)),
  // Sections 4 and 5.
  ("{\"a\":1,\"b\":{\"a\":2}}", .object(["a": .number(1), "b": .object(["a": .number(2)])])),
  ("{\"\":null}", .object(["": .null])), ("{ \"a\" : [ 1 , 2 ] }", .object(["a": .integers([1, 2])])),
  ("{\"a\\u0062\":0,\"a\\\"\":1}", .object(["ab": .number(0), "a\"": .number(1)])),
  ("{\"a long name with an \\n in it\":0}", .object(["a long name with an \n in it": .number(0)])),
  ("[[],[[]],{}]", .list([.list([]), .list([.list([])]), .object([:])])),
  // Section 6.
  ("-0", .number(0)), ("-1", .number(-1)), ("0.5", .number(0.5)), ("-0.0", .number(0)), ("1e2", .number(100)),
  ("1E+2", .number(100)), ("1.25e-2", .number(0.0125)), ("0e9", .number(0)),
  ("123456789012345", .number(123_456_789_012_345)),
  ("1234567890123456789", .number(1_234_567_890_123_456_768)),
  ("0.1234567890123456789", .number(0.1234567890123456789)),
  ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)), ("5e-324", .number(.leastNonzeroMagnitude)),
  // Section 7.
  (#""\" \\ \/ \b \f \n \r \t""#, .text("\" \\ / \u{8} \u{c} \n \r \t")),
  (#""\u00b5\u65E5\u000A\u0000""#, .text("µ日\n\0")), (#""\ud834\udd1e""#, .text("𝄞")),
  ("\"𝄞µ日 \u{7f}\"", .text("𝄞µ日 \u{7f}")),
  (#""\ud83d\ude00 and more than eight bytes""#, .text("😀 and more than eight bytes")),
]

/// What it forbids or leaves open, and the byte where the reader stopped.
private let invalid: [(String, Int)] = [
  ("", 0), ("  ", 2), ("nul", 0), ("nulll", 4), ("True", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1),
  ("undefined", 0),
  // Structure.
  ("[", 1), ("]", 0), ("{", 1), ("}", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3),
  ("[1}", 2), ("[1]]", 3),
  ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":1", 6), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1),
  ("{'a':1}", 1), ("{1:1}", 1),
  ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1,\"a\":2}", 10), ("{\"a\":1,\"\\u0061\":2}", 15), ("1 2", 2),
  ("// a\n1", 0), ("[1/**/]", 2),
  ("\u{feff}1", 0), ("\u{a0}1", 0), ("\u{c}1", 0),
  // Numbers.
  ("01", 2), ("-01", 3), ("00.5", 2), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1.e1", 2), ("1e", 2),
  ("1e+", 3), ("1e1.5", 5),
  ("1e+-1", 5), ("0x10", 1), ("1_0", 1), ("1e400", 5), ("-1e400", 6), ("--1", 1), ("1-1", 1),
  // Strings.
  ("\"", 1), ("\"a", 2), ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"\0\"", 1), ("\"\\\"", 3), ("\"\\x41\"", 3),
  ("\"\\'\"", 3), ("\"\\a\"", 3),
  ("\"\\u12\"", 3), ("\"\\u12g4\"", 5), ("\"\\u+123\"", 3), ("\"\\ud834\"", 7), ("\"\\udd1e\"", 7),
  ("\"\\ud834\\n\"", 7),
  ("\"\\ud834\\ud834\"", 13), ("\"\\ud834\\u0041\"", 13), ("'a'", 0),
]

@Suite struct ReaderTests {
  @Test(arguments: valid)
  func `Valid texts are read as what they say`(text: String, value: JSONValue) throws {
    #expect(try JSONValue(text.utf8) == value)
    // The same inside something else, so that no case depends on where the text ends.
    #expect(
      try JSONValue("{\"a\":\(text),\"b\":[\(text)]}".utf8) == .object(["a": value, "b": .list([value])]))
    try JSONReader.read(text.utf8) { json throws(JSONError) in
      try json.skip()
      try json.end()
    }
  }

  @Test(arguments: invalid)
  func `Invalid texts fail where they are wrong`(text: String, offset: Int) {
    do throws(JSONError) {
      let value = try JSONValue(text.utf8)
      Issue.record("\(text) was read as \(value)")
    } catch {
      #expect(error.offset == offset, "\(text): \(error)")
      #expect(!error.reason.isEmpty)
    }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xE9, 0x22],
    ] as [[UInt8]])
  func `Strings that are not UTF-8 fail`(bytes: [UInt8]) {
    #expect(throws: JSONError(reason: "a string that is not UTF-8", offset: bytes.count)) {
      try JSONValue(bytes)
    }
  }

  @Test(arguments: [64, 65, 100_000])
  func `Depth is limited`(depth: Int) throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let text =
        String(repeating: open, count: depth) + (open == "[" ? "" : "0")
        + String(repeating: close, count: depth)
      if depth <= 64 {
        _ = try JSONValue(text.utf8)
      } else {
        #expect(throws: JSONError(reason: "nested too deeply", offset: 64 * open.utf8.count + 1)) {
          try JSONValue(text.utf8)
        }
      }
      // Skipping follows nothing, so it needs no limit.
      #expect(
        try JSONReader.read(text.utf8) { json throws(JSONError) in try json.skip().count } == text.utf8.count)
    }
  }

  @Test func `Endless numbers are read or refused, never a trap`() throws {
    let digits = String(repeating: "9", count: 100_000)
    #expect(throws: JSONError(reason: "a number beyond 64 bits", offset: 100_000)) {
      try JSONValue(digits.utf8)
    }
    #expect(try JSONValue("0.\(digits)".utf8) == .number(1))
    #expect(try JSONValue("1e-\(digits)".utf8) == .number(0))
    #expect(throws: JSONError.self) { try JSONValue("1e\(digits)".utf8) }
    for (text, value) in [
      ("9223372036854775807", Int.max), ("-9223372036854775807", -Int.max), ("-0", 0), ("7", 7),
    ] {
      #expect(try JSONReader.read(text.utf8) { json throws(JSONError) in try json.integer() } == value)
    }
    for text in ["9223372036854775808", digits, "-", "", "a", "007"] {
      #expect(throws: JSONError.self) {
        try JSONReader.read(text.utf8) { json throws(JSONError) in try json.integer() }
      }
    }
  }

  @Test func `Members are pulled out by their names, whatever their length, and others skipped`() throws {
    let text = #"""
      {"id":7,"skip":{"a":[1,"]}"],"b":"\"}"},"exactly8":1,"sixteen_letters_":2,"probability":0.25,"flag":true,
       "name":"x\ny","none":null,"escaped\u005fname":3,"list":[1,null,3.5]}
      """#
    var seen: [String] = []
    var numbers: [Double?] = []
    try JSONReader.read(text.utf8) { json throws(JSONError) in
      try json.object { json, key throws(JSONError) in
        switch key {
        case "id": seen.append("id \(try json.integer())")
        case "exactly8": seen.append("exactly8 \(try json.integer())")
        case "sixteen_letters_": seen.append("sixteen_letters_ \(try json.integer())")
        case "probability": seen.append("probability \(try json.double())")
        case "flag": seen.append("flag \(try json.boolean())")
        case "name": seen.append("name \(try json.string())")
        case "none": seen.append("none \(try json.optionalString() ?? "-")")
        case "escaped_name": seen.append("escaped_name \(try json.integer())")
        case "list": try json.array { json throws(JSONError) in numbers.append(try json.optionalDouble()) }
        default: try json.skip()
        }
      }
      try json.end()
    }
    #expect(
      seen == [
        "id 7", "exactly8 1", "sixteen_letters_ 2", "probability 0.25", "flag true", "name x\ny", "none -",
        "escaped_name 3",
      ])
    #expect(numbers == [1, nil, 3.5])
  }

  @Test func `A reader that has enough leaves the rest unread`() throws {
    var id: Int?
    let isWhole = try JSONReader.read("{\"id\":7,broken".utf8) { json throws(JSONError) in
      try json.object(until: { id != nil }) { json, _ throws(JSONError) in id = try json.integer() }
    }
    #expect(id == 7 && !isWhole)
  }

  @Test func `A string with a form of its own is handed over as bytes, unless it has escapes`() throws {
    func plain(_ text: String) throws -> String? {
      try JSONReader.read(text.utf8) { json throws(JSONError) in
        try json.plainString().map { String(decoding: $0, as: UTF8.self) }
      }
    }
    #expect(try plain("\"2026-11-20T12:04:31.250Z\"") == "2026-11-20T12:04:31.250Z")
    #expect(try plain("\"a\\u0062\"") == nil)
    #expect(throws: JSONError.self) { try plain("7") }
  }

  @Test func `Metadata keeps its numbers and words as they are written`() throws {
    let text = #"{"voltage":80000.0,"step":1.50e-3,"flag":true,"none":null,"odd":NaN,"name":"x"}"#
    #expect(
      try JSONValue(text.utf8, scalars: .text)
        == .object([
          "voltage": .text("80000.0"), "step": .text("1.50e-3"), "flag": .text("true"), "none": .text("null"),
          "odd": .text("NaN"), "name": .text("x"),
        ]))
    #expect(throws: JSONError.self) { try JSONValue("{\"a\":}".utf8, scalars: .text) }
  }

  @Test func `Damage of any kind is an error or another value, never a trap`() {
    let sound = Array(
      #"{"v":1,"a":[1.5,-2e3,null,true,"x\u00b5\ud834\udd1e\n"],"bcdefghijkl":{"":{"c":[[],{}]}},"d":"µ日"}"#
        .utf8)
    var seed: UInt64 = 1
    func next(below bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    let pieces = Array("{}[]\",:\\u0dE-+.eE19 nt\0".utf8) + [0x80, 0xFF]
    var (read, failed) = (0, 0)
    for _ in 0..<20_000 {
      var bytes = sound
      for _ in 0...next(below: 4) {
        switch next(below: 3) {
        case 0: bytes[next(below: bytes.count)] = pieces[next(below: pieces.count)]
        case 1: bytes.insert(pieces[next(below: pieces.count)], at: next(below: bytes.count))
        default: bytes.removeLast(next(below: min(4, bytes.count)))
        }
      }
      do throws(JSONError) {
        // What was read can be written and read again.
        let value = try JSONValue(bytes)
        #expect((try? JSONValue(value.bytes)) == value)
        read += 1
      } catch {
        #expect((0...bytes.count).contains(error.offset))
        failed += 1
      }
      _ = try? JSONReader.read(bytes) { json throws(JSONError) in try json.skip() }
    }
    #expect(read > 100 && failed > 10_000)
  }
}
