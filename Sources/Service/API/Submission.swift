import Diffraction
import FrameFormats
import JSON
import LiveSession
import System

/// A file that was sent, kept under the digest of its content.
struct Submission: Sendable {
  /// As the client called it, for the result; nothing is opened by it.
  var name: String
  var path: String
  var digest: String
  /// The fields beside the file.
  var fields: [String: String]

  init(name: String, path: String, digest: String, fields: [String: String]) {
    self.name = name
    self.path = path
    self.digest = digest
    self.fields = fields
  }

  /// Reads a multipart form with a `file`, or a body that is the file itself.
  init(_ call: Call, _ service: Service) throws {
    guard let body = call.request.body, body.count > 0 else {
      throw Refusal(400, "a file is needed: multipart/form-data with the field file")
    }
    let head = call.request.head
    switch head.mediaType {
    case "multipart/form-data":
      let form = try Multipart(body, contentType: head.headers["content-type"] ?? "")
      guard let part = form["file"] else { throw Refusal(400, "the form has no field file") }
      var fields: [String: String] = [:]
      for other in form.parts where other.name != "file" {
        guard other.range.count <= 1 << 20 else {
          throw Refusal(413, "the field \(other.name.prefix(40)) is too long")
        }
        fields[other.name] = String(decoding: try body.bytes(other.range), as: UTF8.self)
      }
      try self.init(
        body, part.range, Self.plain(part.fileName ?? "file"), fields, try RawForm(fields["parameters"]),
        call, service)
    case "application/octet-stream":
      try self.init(
        body, 0..<body.count, Self.plain(call.query("name") ?? "file"), head.query, nil, call, service)
    default:
      throw Refusal(415, "multipart/form-data with the field file, or application/octet-stream, is needed")
    }
  }

  private init(
    _ body: BodyFile, _ range: Range<Int>, _ name: String, _ fields: [String: String], _ raw: RawForm?,
    _ call: Call,
    _ service: Service
  ) throws {
    self.name = name
    self.fields = fields
    guard !range.isEmpty else { throw Refusal(400, "\(name): the file is empty") }
    // Bare numbers get the head that says what they are.
    let head = try raw?.head(for: range.count) ?? []
    let ending = raw == nil ? InputStore.ending(of: name) : ".npy"
    let draft = "\(service.scratch)/\(call.id)\(ending)"
    try body.copy(range, to: draft, head: head)
    digest = try SHA256.hex(ofFile: draft)
    path = try service.inputs.keep(draft, digest: digest, name: draft)
    let (digest, shown) = (self.digest, name)
    call.note { facts in
      facts.input = digest + ending
      facts.name = shown
    }
  }

  /// A client's name for a file without its folders and without what a terminal would take for more than text.
  static func plain(_ name: String) -> String {
    let last = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
    let text = String(
      last.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.map(Character.init).prefix(200))
    return text.isEmpty || text == "." || text == ".." ? "file" : text
  }
}

/// What the published interface says of a file of bare numbers.
struct RawForm: Sendable {
  private let descriptor: String
  private let width: Int
  private let height: Int
  private let size: Int

  /// Nil where the file tells by itself what it is.
  init?(_ parameters: String?) throws {
    guard let parameters, let form = try Call.json(Array(parameters.utf8))["file_params"] else { return nil }
    guard let kind = form["typ"]?.string?.lowercased() else { return nil }
    guard kind == "raw" else { return nil }
    guard let type = form["dtype"]?.string, let (descriptor, size) = Self.descriptor(type) else {
      throw Refusal(
        422,
        "file_params: dtype: one of uint8, uint16, uint32, int8, int16, int32, float32, float64 is needed")
    }
    guard let width = form["width"]?.int, let height = form["height"]?.int, 1...65_536 ~= width,
      1...65_536 ~= height
    else { throw Refusal(422, "file_params: width and height in pixels are needed") }
    (self.descriptor, self.size, self.width, self.height) = (descriptor, size, width, height)
  }

  /// NumPy's names and its short ones; big end first where they say so.
  private static func descriptor(_ name: String) -> (String, Int)? {
    var order: Character = "<"
    var text = name.lowercased()[...]
    if let first = text.first, "<>=|".contains(first) {
      if first == ">" { order = ">" }
      text = text.dropFirst()
    }
    let known: [Substring: (String, Int)] = [
      "uint8": ("u1", 1), "u1": ("u1", 1), "int8": ("i1", 1), "i1": ("i1", 1), "uint16": ("u2", 2),
      "u2": ("u2", 2),
      "int16": ("i2", 2), "i2": ("i2", 2), "uint32": ("u4", 4), "u4": ("u4", 4), "int32": ("i4", 4),
      "i4": ("i4", 4),
      "float32": ("f4", 4), "f4": ("f4", 4), "float64": ("f8", 8), "f8": ("f8", 8),
    ]
    guard let (code, size) = known[text] else { return nil }
    return ((size == 1 ? "|" : String(order)) + code, size)
  }

  /// The head of a NumPy file for so many bytes.
  func head(for count: Int) throws -> [UInt8] {
    guard width * height * size == count else {
      throw Refusal(
        422,
        "file_params: \(width) x \(height) numbers of \(size) bytes are \(width * height * size) bytes; the file has \(count)"
      )
    }
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(height), \(width)), }"
    let length = text.utf8.count + 1 + 10
    text += String(repeating: " ", count: (64 - length % 64) % 64) + "\n"
    let size = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size & 255), UInt8(size >> 8)] + Array(text.utf8)
  }
}
