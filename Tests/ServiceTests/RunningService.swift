import Diffraction
import FrameFormats
import FrameQuality
import Glibc
import JSON
import Learning
import LiveSession
import System

import Service

/// The service as it runs, behind a socket in a folder of its own, with the simplest of engines.
final class RunningService {
  let scratch: Scratch
  let client: Client
  let service: Service
  private let server: HTTPServer
  private var isStopped = false

  static let host = ServiceHost(
    version: "test", sheet: { _ in [1, 2, 3] }, figures: { _ in [("measured", [4, 5])] },
    picture: { pixels, _ in Array("\(pixels.width)x\(pixels.height)".utf8) },
    checkCrystal: { text in if !text.contains("_cell_length_a") { throw Refusal(422, "no cell") } },
    crystals: ["rutile", "strontium-titanate"])

  init(
    in scratch: Scratch? = nil, tokens: String? = nil, trainer: String = "/bin/false",
    options: HTTPServer.Options = HTTPServer.Options()
  ) throws {
    let scratch = try scratch ?? Scratch()
    self.scratch = scratch
    var known: Tokens?
    if let tokens {
      try NewFile.write(Array(tokens.utf8), to: "\(scratch.path)/tokens")
      known = try Tokens(file: "\(scratch.path)/tokens")
    }
    try Folder.make("\(scratch.path)/sessions")
    service = try Service(
      host: Self.host,
      analyst: Analyst(
        engines: [FrameEngine()],
        files: FileAccess(opening: { path throws(FileRefusal) in try FormatList.open(path: path) })),
      library: ModelLibrary(folders: ["\(scratch.path)/data/models"]),
      places: Service.Places(data: "\(scratch.path)/data", sessions: ["\(scratch.path)/sessions"]),
      tokens: known,
      trainer: trainer)
    let socket = "\(scratch.path)/s"
    server = try HTTPServer(
      try Listener(.unix(path: socket)), folder: service.scratch, options: options, handler: service)
    client = Client(path: socket)
  }

  func stop() {
    if isStopped { return }
    isStopped = true
    server.stop()
    service.stop()
    unlink("\(scratch.path)/s")
  }

  deinit { stop() }
}

/// A disc of counts, as bare numbers, as NumPy's file and as TIFF.
enum Disc {
  static let (width, height) = (96, 64)
  static let values: [UInt16] = (0..<96 * 64).map { index in
    let (x, y) = (Double(index % 96) - 40, Double(index / 96) - 30)
    return UInt16((x * x + y * y < 225 ? 900 : 10) + index * 7 % 5)
  }
  static let raw = values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
  static let tiff = TIFFWriter.encode([TIFFWriter.Page(Pixels(width: width, height: height, values: values))])
  static var npy: [UInt8] {
    var text = "{'descr': '<u2', 'fortran_order': False, 'shape': (64, 96), }"
    text += String(repeating: " ", count: 118 - text.utf8.count - 1) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8) + raw
  }
  static let rawParameters = #"{"file_params":{"typ":"raw","dtype":"uint16","width":96,"height":64}}"#
}
