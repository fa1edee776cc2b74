import Diffraction

/// The tags of a DigitalMicrograph file. Values are not read but remembered by their place, so an image of
/// gigabytes costs as little as a number.
struct DMTree {
  /// A data tag.
  struct Value {
    /// The code of the (element) type; 15 for structs.
    var type: Int
    var count: Int
    var offset: Int
    var isArray: Bool
    var byteCount: Int
  }

  struct Group {
    fileprivate(set) var children: [(name: String, node: Int)] = []
  }

  private enum Node {
    case group(Group)
    case value(Value)
  }

  private var nodes: [Node] = []
  private var reader: ByteReader
  let version: Int
  /// The order of values; the structure is big-endian in every file.
  let order: ByteOrder

  private static let maximumDepth = 64

  init(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) {
    var reader = ByteReader(file, format: "DM", order: .big)
    version = Int(try reader.integer(UInt32.self, "the header"))
    guard version == 3 || version == 4 else { throw reader.unsupported("version \(version)") }
    // The size that follows is wrong in files of some writers and says nothing.
    try reader.skip(version == 3 ? 4 : 8, "the header")
    let flag: UInt32 = try reader.integer("the header")
    guard flag <= 1 else { throw reader.damaged("byte-order mark \(flag)") }
    order = flag == 1 ? .little : .big
    self.reader = reader
    try readTags(limit: limits.entries)
  }

  private var word: Int { version == 3 ? 4 : 8 }

  private mutating func count(_ what: String) throws(FileRefusal) -> Int {
    let value =
      version == 3
      ? Int(try reader.integer(Int32.self, what)) : Int(clamping: try reader.integer(Int64.self, what))
    guard value >= 0 else { throw reader.damaged("\(what) of \(value)", at: reader.position - word) }
    return value
  }

  private mutating func openGroup() throws(FileRefusal) -> Int {
    try reader.skip(2, "a tag group")
    let entries = try count("a tag group")
    let smallest = version == 3 ? 3 : 11
    guard entries <= reader.remaining / smallest else {
      throw FileRefusal(
        .truncated, "DM: a group of \(entries) tags, more than the rest of the file can hold",
        offset: reader.position - word)
    }
    nodes.append(.group(Group()))
    return entries
  }

  private mutating func readTags(limit: Int) throws(FileRefusal) {
    // (node of the group, entries left, entries so far)
    var open: [(node: Int, left: Int, done: Int)] = []
    open.append((0, try openGroup(), 0))
    while var current = open.popLast() {
      guard current.left > 0 else { continue }
      current.left -= 1
      let kind: UInt8 = try reader.integer("a tag")
      if kind == 0 { continue }
      guard kind == 20 || kind == 21 else {
        throw reader.damaged("a tag of kind \(kind)", at: reader.position - 1)
      }
      let nameLength = Int(try reader.integer(UInt16.self, "a tag"))
      let raw = try reader.bytes(nameLength, "the name of a tag")
      let name = nameLength == 0 ? String(current.done) : CleanText.latin1(raw, limit: 200)
      current.done += 1
      if version == 4 { try reader.skip(8, "a tag") }
      guard nodes.count < limit else {
        throw FileRefusal(.tooLarge, "DM: more than \(limit) tags", offset: reader.position)
      }
      let node = nodes.count
      if case .group(var group) = nodes[current.node] {
        nodes[current.node] = .value(Value(type: 0, count: 0, offset: 0, isArray: false, byteCount: 0))
        group.children.append((name, node))
        nodes[current.node] = .group(group)
      }
      open.append(current)
      if kind == 21 {
        nodes.append(.value(try readValue()))
      } else {
        guard open.count < Self.maximumDepth else {
          throw reader.damaged("groups nested deeper than \(Self.maximumDepth)")
        }
        open.append((node, try openGroup(), 0))
      }
    }
  }

  /// The description of a value; the value itself is stepped over.
  private mutating func readValue() throws(FileRefusal) -> Value {
    let start = reader.position
    guard try reader.bytes(4, "a tag") == [37, 37, 37, 37] else {
      throw reader.damaged("a value without its %%%% mark", at: start)
    }
    let length = try count("the description of a value")
    guard (1...8199).contains(length) else {
      throw reader.damaged("a value described by \(length) numbers", at: start)
    }
    guard length <= reader.remaining / word else {
      throw FileRefusal(.truncated, "DM: the file ends inside the description of a value", offset: start)
    }
    var info: [Int] = []
    for _ in 0..<length { info.append(try count("the description of a value")) }
    guard let value = Self.value(info, offset: reader.position) else {
      throw reader.damaged("a value of unknown type \(info.prefix(4))", at: start)
    }
    guard value.byteCount <= reader.remaining else {
      throw FileRefusal(
        .truncated, "DM: a value of \(value.byteCount) bytes ends past the end of the file",
        offset: reader.position)
    }
    try reader.skip(value.byteCount)
    return value
  }

  static func size(ofType type: Int) -> Int? {
    switch type {
    case 8, 9, 10: 1
    case 2, 4: 2
    case 3, 5, 6: 4
    case 7, 11, 12: 8
    default: nil
    }
  }

  private static func value(_ info: [Int], offset: Int) -> Value? {
    func structBytes(_ info: ArraySlice<Int>) -> Int? {
      // [15, name length, fields, (name length, type) x fields]
      guard info.count >= 3, info[info.startIndex] == 15 else { return nil }
      let fields = info[info.startIndex + 2]
      guard fields <= 4096, info.count == 3 + 2 * fields else { return nil }
      var bytes = 0
      for field in 0..<fields {
        guard let size = size(ofType: info[info.startIndex + 4 + 2 * field]) else { return nil }
        bytes += size
      }
      return bytes
    }
    func array(_ type: Int, _ element: Int, _ count: Int) -> Value? {
      checkedProduct(element, count).map {
        Value(type: type, count: count, offset: offset, isArray: true, byteCount: $0)
      }
    }
    switch info[0] {
    case 15:
      return structBytes(info[...]).map {
        Value(type: 15, count: 1, offset: offset, isArray: false, byteCount: $0)
      }
    case 18: return info.count == 2 ? array(18, 1, info[1]) : nil
    case 20:
      guard info.count >= 3 else { return nil }
      if info[1] == 15 {
        return structBytes(info[1..<(info.count - 1)]).flatMap { array(15, $0, info[info.count - 1]) }
      }
      if info[1] == 20 {
        guard info.count == 5, let size = size(ofType: info[2]), let inner = checkedProduct(size, info[3])
        else { return nil }
        return array(20, inner, info[4])
      }
      return info.count == 3 ? size(ofType: info[1]).flatMap { array(info[1], $0, info[2]) } : nil
    default:
      guard info.count == 1, let size = size(ofType: info[0]) else { return nil }
      return Value(type: info[0], count: 1, offset: offset, isArray: false, byteCount: size)
    }
  }
}

extension DMTree {
  /// A group or value by its path from the root; unnamed entries are called by their number.
  struct Place {
    fileprivate let node: Int
  }

  var root: Place { Place(node: 0) }

  subscript(_ place: Place?, _ path: String...) -> Place? {
    guard var node = place?.node else { return nil }
    for name in path {
      guard case .group(let group) = nodes[node], let child = group.children.first(where: { $0.name == name })
      else {
        return nil
      }
      node = child.node
    }
    return Place(node: node)
  }

  func children(_ place: Place?) -> [Place] {
    guard let place, case .group(let group) = nodes[place.node] else { return [] }
    return group.children.map { Place(node: $0.node) }
  }

  func value(_ place: Place?) -> Value? {
    guard let place, case .value(let value) = nodes[place.node] else { return nil }
    return value
  }

  /// A single number.
  func number(_ place: Place?) throws(FileRefusal) -> Double? {
    guard let value = value(place), !value.isArray else { return nil }
    var reader = reader
    reader.order = order
    try reader.seek(to: value.offset)
    switch value.type {
    case 2: return Double(try reader.integer(Int16.self))
    case 3: return Double(try reader.integer(Int32.self))
    case 4: return Double(try reader.integer(UInt16.self))
    case 5: return Double(try reader.integer(UInt32.self))
    case 6: return Double(try reader.float32())
    case 7: return try reader.float64()
    case 8, 10: return Double(try reader.integer(UInt8.self))
    case 9: return Double(try reader.integer(Int8.self))
    case 11: return Double(try reader.integer(Int64.self))
    case 12: return Double(try reader.integer(UInt64.self))
    default: return nil
    }
  }

  /// Text, which DigitalMicrograph stores as an array of 16-bit characters.
  func text(_ place: Place?) throws(FileRefusal) -> String? {
    guard let value = value(place), value.isArray else { return nil }
    var reader = reader
    reader.order = order
    try reader.seek(to: value.offset)
    switch value.type {
    case 4:
      var units: [UInt16] = []
      for _ in 0..<min(value.count, 2000) { units.append(try reader.integer()) }
      return CleanText.clean(String(decoding: units, as: UTF16.self))
    case 18: return CleanText.latin1(try reader.bytes(min(value.count, 2000)))
    default: return nil
    }
  }
}
