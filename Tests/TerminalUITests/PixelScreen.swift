import CZlib
import Foundation
import TerminalUI

/// A terminal that shows pixels: what an operator would see, read from the bytes by decoders of its own.
final class PixelScreen {
  /// What kind of terminal it is: what it answers, and which pictures it knows.
  struct Kind: Sendable {
    var attributes = "\u{1B}[?62;22c"
    var version = ""
    var knowsKitty = false
    var knowsSixel = false
    var knowsITerm = false
    var tellsCell = true
    var widths = 1
    /// It is inside tmux: what is passed through reaches the terminal around it.
    var passesThrough = false
    var answers = true
  }

  /// The pixels of one cell.
  typealias Tile = [UInt32]

  struct Place {
    var scalar: Unicode.Scalar = " "
    var marks: [Unicode.Scalar] = []
    var colour = 0
    var tile: Tile?
    var link = ""
  }

  private struct Image {
    var width = 0
    var height = 0
    var pixels: [UInt32] = []
    subscript(x: Int, y: Int) -> UInt32 {
      x >= 0 && y >= 0 && x < width && y < height ? pixels[y * width + x] : 0xDEAD_BEEF
    }
  }

  private struct Put {
    var x: Int
    var y: Int
    var columns: Int
    var rows: Int
    var part: (x: Int, y: Int, width: Int, height: Int)
  }

  let kind: Kind
  let cell: Size
  private(set) var size: Size
  private(set) var places: [Place]
  /// What it answered and nobody has read yet.
  var answers = ""
  /// What it could not understand.
  private(set) var problems: [String] = []
  private(set) var pictureBytes = 0
  private var x = 0
  private var y = 0
  private var colour = 0
  private var link = ""
  private var saved = (x: 0, y: 0, colour: 0)
  private var pending: [UInt8] = []
  private var images: [Int: Image] = [:]
  private var puts: [String: Put] = [:]
  private var virtual: [Int: (columns: Int, rows: Int)] = [:]
  private var transmission: (id: Int, text: String)?
  private(set) var modes: Set<Int> = []

  init(_ kind: Kind, width: Int, height: Int, cell: Size = Size(width: 4, height: 8)) {
    self.kind = kind
    self.cell = cell
    size = Size(width: width, height: height)
    places = Array(repeating: Place(), count: width * height)
  }

  func resize(width: Int, height: Int) {
    var new = Array(repeating: Place(), count: width * height)
    for row in 0..<min(height, size.height) {
      for column in 0..<min(width, size.width) {
        new[row * width + column] = places[row * size.width + column]
      }
    }
    size = Size(width: width, height: height)
    places = new
    (x, y) = (min(x, width - 1), min(y, height - 1))
  }

  /// What is seen at a cell: pixels, or the character.
  func seen(_ x: Int, _ y: Int) -> (tile: Tile?, scalar: Unicode.Scalar) {
    let place = places[y * size.width + x]
    for (name, put) in puts where x >= put.x && x < put.x + put.columns && y >= put.y && y < put.y + put.rows
    {
      guard let image = images[Int(name.split(separator: ".")[0]) ?? 0] else { continue }
      return (tile(of: image, put.part, put.columns, put.rows, x - put.x, y - put.y), " ")
    }
    if place.scalar == "\u{10EEEE}" {
      let numbers = place.marks.map { Self.markOrder.firstIndex(of: $0) ?? -1 }
      guard numbers.count == 3 else { return (nil, "!") }
      let id = numbers[2] << 24 | place.colour
      guard let image = images[id], let frame = virtual[id] else { return (nil, "!") }
      return (
        tile(
          of: image, (0, 0, image.width, image.height), frame.columns, frame.rows, numbers[1], numbers[0]),
        " "
      )
    }
    return (place.tile, place.scalar)
  }

  /// The first marks of the protocol's own table, and some from further on.
  static let markOrder: [Unicode.Scalar] = KittyMarks.table

  private func tile(
    of image: Image, _ part: (x: Int, y: Int, width: Int, height: Int), _ columns: Int, _ rows: Int,
    _ column: Int, _ row: Int
  ) -> Tile {
    (0..<cell.width * cell.height).map { index in
      let (px, py) = (column * cell.width + index % cell.width, row * cell.height + index / cell.width)
      return image[
        part.x + (2 * px + 1) * part.width / (2 * columns * cell.width),
        part.y + (2 * py + 1) * part.height / (2 * rows * cell.height)]
    }
  }

  /// Everything that can be seen, one value a cell.
  var look: [String] {
    (0..<size.height).flatMap { y in
      (0..<size.width).map { x in
        let seen = self.seen(x, y)
        return seen.tile.map { "#\($0.hashValue)" } ?? String(Character(seen.scalar))
      }
    }
  }

  var tiles: Int {
    (0..<size.height).reduce(0) { sum, y in
      sum + (0..<size.width).count { seen($0, y).tile != nil }
    }
  }

  func row(_ y: Int) -> String {
    String(String.UnicodeScalarView((0..<size.width).map { places[y * size.width + $0].scalar }))
  }

  var text: String { (0..<size.height).map(row).joined(separator: "\n") }

  // MARK: Bytes

  func feed(_ bytes: some Sequence<UInt8>) {
    pending += bytes
    var start = 0
    while start < pending.count, let end = step(start) { start = end }
    pending.removeFirst(start)
  }

  /// The place after what begins at `start`; nil where it is not complete.
  private func step(_ start: Int) -> Int? {
    let byte = pending[start]
    guard byte == 0x1B else { return character(start) }
    guard start + 1 < pending.count else { return nil }
    switch pending[start + 1] {
    case UInt8(ascii: "["):
      guard let end = pending[(start + 2)...].firstIndex(where: { 0x40...0x7E ~= $0 || $0 == Self.cancel })
      else { return nil }
      if pending[end] == Self.cancel { return end + 1 }
      control(String(decoding: pending[start + 2..<end], as: UTF8.self), pending[end])
      return end + 1
    case UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "]"):
      return string(start)
    case UInt8(ascii: "("), UInt8(ascii: ")"): return start + 2 < pending.count ? start + 3 : nil
    case UInt8(ascii: "7"): saved = (x, y, colour)
    case UInt8(ascii: "8"): (x, y, colour) = saved
    case UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "\\"), Self.cancel: break
    default: problems.append("ESC \(pending[start + 1])")
    }
    return start + 2
  }

  /// CAN gives up the sequence that it falls into.
  private static let cancel: UInt8 = 0x18

  private func string(_ start: Int) -> Int? {
    let kind = pending[start + 1]
    var index = start + 2
    while index < pending.count {
      if pending[index] == Self.cancel { return index + 1 }
      if pending[index] == 7, kind == UInt8(ascii: "]") { break }
      if pending[index] == 0x1B {
        guard index + 1 < pending.count else { return nil }
        if pending[index + 1] == UInt8(ascii: "\\") { break }
        if pending[index + 1] == 0x1B { index += 1 }
      }
      index += 1
    }
    guard index < pending.count else { return nil }
    let end = pending[index] == 7 ? index + 1 : index + 2
    take(kind, Array(pending[start + 2..<index]))
    return end
  }

  private func take(_ kind: UInt8, _ body: [UInt8]) {
    let text = String(decoding: body, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "P") where text.hasPrefix("tmux;"):
      guard kind == UInt8(ascii: "P"), self.kind.passesThrough else { return }
      let inner = text.dropFirst(5).replacing("\u{1B}\u{1B}", with: "\u{1B}")
      let outer = pending
      pending = Array(inner.utf8)
      var start = 0
      while start < pending.count, let next = step(start) { start = next }
      if start < pending.count { problems.append("passed through in part") }
      pending = outer
    case UInt8(ascii: "P") where text.contains("q"):
      guard self.kind.knowsSixel else { return problems.append("a Sixel") }
      pictureBytes += body.count
      sixel(body)
    case UInt8(ascii: "_") where text.hasPrefix("G"):
      pictureBytes += body.count
      kitty(String(text.dropFirst()))
    case UInt8(ascii: "]") where text.hasPrefix("8;;"): link = String(text.dropFirst(3))
    case UInt8(ascii: "]") where text.hasPrefix("1337;File="):
      guard self.kind.knowsITerm else { return problems.append("an inline image") }
      pictureBytes += body.count
      inline(text)
    case UInt8(ascii: "]"): break
    default: problems.append("string \(Character(Unicode.Scalar(kind))) \(text.prefix(20))")
    }
  }

  private func character(_ start: Int) -> Int? {
    let byte = pending[start]
    switch byte {
    case 0x0D: x = 0
    case 0x0A: y = min(y + 1, size.height - 1)
    case 0x08: x = max(0, x - 1)
    case 0x07, 0x0F, 0x0E, Self.cancel: break
    case 0x20...0x7E: put(Unicode.Scalar(byte))
    case 0xC2...0xF4:
      let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      guard start + length <= pending.count else { return nil }
      let text = String(decoding: pending[start..<start + length], as: UTF8.self)
      for scalar in text.unicodeScalars { put(scalar) }
      return start + length
    default: problems.append("byte \(byte)")
    }
    return start + 1
  }

  private var last: Unicode.Scalar = " "
  private var isAtEdge = false

  private func put(_ scalar: Unicode.Scalar) {
    if scalar.properties.canonicalCombiningClass == .above {
      let index = y * size.width + max(0, isAtEdge ? x : x - 1)
      if places.indices.contains(index) { places[index].marks.append(scalar) }
      return
    }
    if isAtEdge {
      isAtEdge = false
      x = 0
      y = min(y + 1, size.height - 1)
    }
    last = scalar
    let wide =
      scalar == "①" || scalar == "─" ? kind.widths : scalar.value >= 0x4E00 && scalar.value < 0xA000 ? 2 : 1
    for offset in 0..<wide where x + offset < size.width {
      places[y * size.width + x + offset] = Place(
        scalar: offset == 0 ? scalar : "\0", colour: colour, link: link)
    }
    x += wide
    if x >= size.width {
      x = size.width - 1
      isAtEdge = true
    }
  }

  private func erase(_ range: Range<Int>) {
    for index in range where places.indices.contains(index) { places[index] = Place() }
  }

  private func control(_ text: String, _ final: UInt8) {
    let numbers = text.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
    func number(_ index: Int, _ standard: Int = 1) -> Int {
      numbers.indices.contains(index) ? numbers[index] ?? standard : standard
    }
    if !"mhnct".utf8.contains(final) { isAtEdge = false }
    switch final {
    case UInt8(ascii: "H"), UInt8(ascii: "f"):
      (y, x) = (min(max(number(0), 1), size.height) - 1, min(max(number(1), 1), size.width) - 1)
    case UInt8(ascii: "G"): x = min(max(number(0), 1), size.width) - 1
    case UInt8(ascii: "d"): y = min(max(number(0), 1), size.height) - 1
    case UInt8(ascii: "A"): y = max(0, y - max(1, number(0)))
    case UInt8(ascii: "B"): y = min(size.height - 1, y + max(1, number(0)))
    case UInt8(ascii: "C"): x = min(size.width - 1, x + max(1, number(0)))
    case UInt8(ascii: "D"): x = max(0, x - max(1, number(0)))
    case UInt8(ascii: "J"):
      let here = y * size.width + x
      switch number(0, 0) {
      case 0: erase(here..<places.count)
      case 1: erase(0..<here + 1)
      default:
        erase(0..<places.count)
        puts = [:]
      }
    case UInt8(ascii: "K"):
      let start = y * size.width
      switch number(0, 0) {
      case 0: erase(start + x..<start + size.width)
      case 1: erase(start..<start + x + 1)
      default: erase(start..<start + size.width)
      }
    case UInt8(ascii: "X"):
      erase(y * size.width + x..<min((y + 1) * size.width, y * size.width + x + max(1, number(0))))
    case UInt8(ascii: "b"): for _ in 0..<max(1, number(0)) { put(last) }
    case UInt8(ascii: "m"):
      if numbers.contains(0) || text.isEmpty { colour = 0 }
      if let place = numbers.firstIndex(of: 38), numbers.count > place + 2, numbers[place + 1] == 5 {
        colour = numbers[place + 2] ?? 0
      }
    case UInt8(ascii: "h"), UInt8(ascii: "l"):
      guard text.hasPrefix("?") else { return }
      for mode in text.dropFirst().split(separator: ";").compactMap({ Int($0) }) {
        if final == UInt8(ascii: "h") { modes.insert(mode) } else { modes.remove(mode) }
        if mode == 1049 {
          erase(0..<places.count)
          puts = [:]
        }
      }
    case UInt8(ascii: "@"):
      // How ncurses fills the last corner.
      let end = (y + 1) * size.width
      places.insert(contentsOf: Array(repeating: Place(), count: max(1, number(0))), at: y * size.width + x)
      places.removeSubrange(end..<end + max(1, number(0)))
    case UInt8(ascii: "r"): break
    case UInt8(ascii: "n"):
      if text == "5" { answer("\u{1B}[0n") }
      if text == "6" { answer("\u{1B}[\(y + 1);\(x + 1)R") }
    case UInt8(ascii: "c"): if text.isEmpty { answer(kind.attributes) }
    case UInt8(ascii: "q"):
      if text == ">", !kind.version.isEmpty { answer("\u{1B}P>|\(kind.version)\u{1B}\\") }
    case UInt8(ascii: "t"):
      if text == "16", kind.tellsCell { answer("\u{1B}[6;\(cell.height);\(cell.width)t") }
      if text == "14", kind.tellsCell {
        answer("\u{1B}[4;\(cell.height * size.height);\(cell.width * size.width)t")
      }
    default: problems.append("CSI \(text) \(Character(Unicode.Scalar(final)))")
    }
  }

  private func answer(_ text: String) { if kind.answers { answers += text } }

  // MARK: Pictures

  private func kitty(_ text: String) {
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var keys: [String: String] = [:]
    for pair in parts[0].split(separator: ",") {
      let words = pair.split(separator: "=", maxSplits: 1).map(String.init)
      if words.count == 2 { keys[words[0]] = words[1] }
    }
    func number(_ key: String, _ standard: Int = 0) -> Int { keys[key].flatMap { Int($0) } ?? standard }
    if keys["a"] == "q" {
      if kind.knowsKitty { answer("\u{1B}_Gi=\(number("i"));OK\u{1B}\\") }
      return
    }
    guard kind.knowsKitty else { return problems.append("Kitty graphics") }
    guard keys["q"] == "2" else { return problems.append("it would be answered: \(parts[0])") }
    let payload = parts.count > 1 ? parts[1] : ""
    if payload.utf8.count > 4096 { problems.append("a chunk of \(payload.utf8.count)") }
    switch keys["a"] {
    case "t":
      if transmission != nil { problems.append("a transmission in a transmission") }
      transmission = (number("i"), payload)
      if number("m") == 0 { finish() }
    case nil:
      guard let begun = transmission else { return problems.append("a chunk of nothing") }
      transmission = (begun.id, begun.text + payload)
      if number("m") == 0 { finish() }
    case "p":
      if transmission != nil { problems.append("a placement in a transmission") }
      guard images[number("i")] != nil else { return problems.append("no picture \(number("i"))") }
      if number("U") == 1 {
        virtual[number("i")] = (number("c"), number("r"))
      } else {
        if number("C") != 1 { problems.append("the cursor moves") }
        puts["\(number("i")).\(number("p"))"] = Put(
          x: x, y: y, columns: number("c"), rows: number("r"),
          part: (number("x"), number("y"), number("w"), number("h")))
      }
    case "d":
      if transmission != nil { problems.append("a removal in a transmission") }
      switch keys["d"] {
      case "A":
        images = [:]
        puts = [:]
        virtual = [:]
      case "I":
        images[number("i")] = nil
        virtual[number("i")] = nil
        puts = puts.filter { !$0.key.hasPrefix("\(number("i")).") }
      case "i": puts["\(number("i")).\(number("p"))"] = nil
      default: problems.append("d=\(keys["d"] ?? "")")
      }
    default: problems.append("a=\(keys["a"] ?? "")")
    }
  }

  /// A transmission that was given up has no picture in it.
  private func finish() {
    guard let (id, text) = transmission else { return }
    transmission = nil
    images[id] = nil
    virtual[id] = nil
    puts = puts.filter { !$0.key.hasPrefix("\(id).") }
    if let data = Data(base64Encoded: text), let image = Self.png(Array(data)) { images[id] = image }
  }

  private func inline(_ text: String) {
    guard let colon = text.firstIndex(of: ":"), text.contains("inline=1"), text.contains("doNotMoveCursor=1")
    else { return problems.append("an inline image without its words") }
    var keys: [String: Int] = [:]
    for pair in text[..<colon].split(whereSeparator: { $0 == ";" || $0 == "," }) {
      let words = pair.split(separator: "=").map(String.init)
      if let name = words.first, let value = Int(words.last ?? "") { keys[name] = value }
    }
    guard let data = Data(base64Encoded: String(text[text.index(after: colon)...])),
      data.count == keys["size"], let image = Self.png(Array(data)), let columns = keys["width"],
      let rows = keys["height"]
    else { return problems.append("an inline image that cannot be read") }
    lay(image, columns, rows)
  }

  private func lay(_ image: Image, _ columns: Int, _ rows: Int) {
    if y + rows > size.height - 1 { problems.append("a picture that scrolls") }
    for row in 0..<rows where y + row < size.height {
      for column in 0..<columns where x + column < size.width {
        places[(y + row) * size.width + x + column].tile = tile(
          of: image, (0, 0, image.width, image.height), columns, rows, column, row)
      }
    }
  }

  /// Eight bits, a palette, no filter: what is written here; nil for anything else.
  private static func png(_ bytes: [UInt8]) -> Image? {
    guard bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) else { return nil }
    func big(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    var at = 8
    var image = Image()
    var palette: [UInt32] = []
    var packed: [UInt8] = []
    while at + 12 <= bytes.count {
      let count = big(at)
      guard at + 12 + count <= bytes.count else { return nil }
      let name = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
      let body = Array(bytes[at + 8..<at + 8 + count])
      guard big(at + 8 + count) == Int(crc32(0, Array(bytes[at + 4..<at + 8 + count]), uInt(count + 4)))
      else {
        return nil
      }
      switch name {
      case "IHDR":
        (image.width, image.height) = (big(at + 8), big(at + 12))
        guard body.suffix(5) == [8, 3, 0, 0, 0] else { return nil }
      case "PLTE":
        palette = stride(from: 0, to: count, by: 3).map {
          UInt32(body[$0]) << 16 | UInt32(body[$0 + 1]) << 8 | UInt32(body[$0 + 2])
        }
      case "IDAT": packed += body
      default: break
      }
      at += 12 + count
    }
    var rows = [UInt8](repeating: 0, count: (image.width + 1) * image.height)
    var room = uLong(rows.count)
    guard uncompress(&rows, &room, packed, uLong(packed.count)) == Z_OK, Int(room) == rows.count else {
      return nil
    }
    for y in 0..<image.height {
      guard rows[y * (image.width + 1)] == 0 else { return nil }
      for x in 0..<image.width {
        let index = Int(rows[y * (image.width + 1) + 1 + x])
        guard palette.indices.contains(index) else { return nil }
        image.pixels.append(palette[index])
      }
    }
    return image
  }

  private func sixel(_ body: [UInt8]) {
    guard let image = Self.sixel(body) else { return problems.append("a Sixel that cannot be read") }
    lay(
      image, (image.width + cell.width - 1) / cell.width, (image.height + cell.height - 1) / cell.height)
  }

  private static func sixel(_ body: [UInt8]) -> Image? {
    guard let start = body.firstIndex(of: UInt8(ascii: "q")) else { return nil }
    var image = Image()
    var colours: [Int: UInt32] = [:]
    var colour: UInt32 = 0
    var (x, band, count) = (0, 0, 1)
    var at = start + 1
    func numbers() -> [Int] {
      var text = ""
      while at < body.count, 0x30...0x39 ~= body[at] || body[at] == 0x3B {
        text.unicodeScalars.append(Unicode.Scalar(body[at]))
        at += 1
      }
      return text.split(separator: ";").compactMap { Int($0) }
    }
    while at < body.count {
      let byte = body[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        let size = numbers()
        guard size.count == 4, size[0] == 1, size[1] == 1 else { return nil }
        (image.width, image.height) = (size[2], size[3])
        image.pixels = Array(repeating: 0xFFFF_FFFF, count: size[2] * size[3])
      case UInt8(ascii: "#"):
        let parts = numbers()
        if parts.count == 5, parts[1] == 2 {
          colours[parts[0]] = UInt32(parts[2]) << 16 | UInt32(parts[3]) << 8 | UInt32(parts[4])
        } else {
          guard parts.count == 1, let known = colours[parts[0]] else { return nil }
          colour = known
        }
      case UInt8(ascii: "!"):
        count = numbers().first ?? 0
      case UInt8(ascii: "$"): x = 0
      case UInt8(ascii: "-"):
        x = 0
        band += 1
      case 63...126:
        for _ in 0..<count {
          for bit in 0..<6 where (byte - 63) >> UInt8(bit) & 1 == 1 {
            let y = 6 * band + bit
            guard x < image.width, y < image.height else { return nil }
            image.pixels[y * image.width + x] = colour
          }
          x += 1
        }
        count = 1
      default: return nil
      }
    }
    return image.pixels.contains(0xFFFF_FFFF) ? nil : image
  }
}
