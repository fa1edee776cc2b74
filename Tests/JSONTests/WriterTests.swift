import Foundation
import JSON
import Testing

@Suite struct WriterTests {
  @Test func `Members stand in the order of the calls`() {
    var json = JSONWriter()
    json.object { json in
      json.member("b", 1)
      json.member("a", "x")
      json.key("list")
      json.array { json in
        json.number(0.5)
        json.null()
        json.object { _ in }
        json.array { $0.boolean(false) }
      }
      json.member("absent", ifPresent: String?.none)
      json.member("present", ifPresent: 2.5)
      json.member("raw", true)
    }
    #expect(json.text == #"{"b":1,"a":"x","list":[0.5,null,{},[false]],"present":2.5,"raw":true}"#)
  }

  @Test(arguments: [
    (0, "0"), (-0.0, "0"), (1, "1"), (-7, "-7"), (0.1, "0.1"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
    (999_999_999_999_999, "999999999999999"),
    (1e-7, "1e-07"), (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
    (.leastNonzeroMagnitude, "5e-324"),
  ])
  func `Numbers are as short as they can be, and what is none is null`(value: Double, text: String) throws {
    var json = JSONWriter()
    json.number(value)
    #expect(json.text == text)
    if value.isFinite { #expect(try JSONValue(json.bytes) == .number(value)) }
  }

  @Test(arguments: [
    0.1, 1e-5, 1.7976931348623157e308, .leastNonzeroMagnitude, -123456.789, 1e15, 9007199254740992,
    0.30000000000000004,
  ])
  func `Numbers come back bit for bit`(value: Double) throws {
    var json = JSONWriter()
    json.number(value)
    let back = try JSONReader.read(json.bytes) { reader throws(JSONError) in try reader.double() }
    #expect(back.bitPattern == value.bitPattern)
  }

  @Test func `Every character survives, and no control character is written as it is`() throws {
    let scalars =
      (0...0x2FF).compactMap { Unicode.Scalar($0) } + ["\u{2028}", "\u{FFFD}", "\u{FEFF}", "𝄞", "\u{10FFFF}"]
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    var json = JSONWriter()
    json.string(String(text))
    #expect(json.bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
    #expect(try JSONValue(json.bytes) == .text(String(text)))
    let other = try JSONSerialization.jsonObject(with: Data(json.bytes), options: .fragmentsAllowed)
    #expect(other as? String == String(text))
  }

  @Test func `Lines are broken where a reader does not see it`() throws {
    var json = JSONWriter()
    json.object { json in
      json.line(indent: 1)
      json.member("a", 1)
      json.member("b", 2)
      json.line(indent: 1)
      json.key("cases")
      json.array { json in
        for i in 0..<2 {
          json.line(indent: 2)
          json.object { $0.member("i", i) }
        }
        json.line()
      }
    }
    #expect(json.text == "{\n \"a\": 1,\"b\":2,\n \"cases\": [\n  {\"i\":0},\n  {\"i\":1}\n]}")
    #expect(try JSONValue(json.bytes)["cases"]?.items?.count == 2)
  }

  private let value = JSONValue.object([
    "name": .text("a\"b\\c\n"), "empty": .object([:]), "none": .list([]), "numbers": .integers([1, 2, 3]),
    "large": .number(1e18), "nested": .list([.integers([1]), .object(["x": .bool(true)])]), "null": .null,
  ])

  @Test func `A value's bytes are compact, in the order of the names`() throws {
    let text = #"""
      {"empty":{},"large":1000000000000000000,"name":"a\"b\\c\n","nested":[[1],{"x":true}],"none":[],"null":null,"numbers":[1,2,3]}
      """#
    #expect(String(decoding: value.bytes, as: UTF8.self) == text)
    #expect(try JSONValue(value.bytes) == value)
  }

  @Test func `A value's text has a member a line`() throws {
    #expect(
      value.text == #"""
        {
          "empty": {},
          "large": 1000000000000000000,
          "name": "a\"b\\c\n",
          "nested": [
            [1],
            {
              "x": true
            }
          ],
          "none": [],
          "null": null,
          "numbers": [1,2,3]
        }

        """#)
    #expect(try JSONValue(value.text.utf8) == value)
  }

  @Test func `Parts of a value are asked for by name, place and kind`() {
    #expect(value["numbers"]?.ints == [1, 2, 3])
    #expect(value["numbers"]?[1]?.int == 2 && value["numbers"]?[3] == nil && value["numbers"]?[-1] == nil)
    #expect(value["name"]?.string == "a\"b\\c\n" && value["name"]?.double == nil && value["absent"] == nil)
    #expect(value["nested"]?.ints == nil && value["nested"]?[1]?["x"] == .bool(true))
    #expect(JSONValue.number(0.5).int == nil && JSONValue.number(1e300).int == nil)
  }
}
