import Diffraction
import FrameFormats
import Glibc

/// The demo's microscope: another process, which knows nothing of Ewald, and writes frames as acquisition
/// software does: piece by piece under their final names, with the accidents of a real day.
let microscopeVerb = Verb(
  name: "simulated-microscope", operands: "DIR",
  summary: "write frames into a folder, as an acquisition would",
  options: [
    Verb.Option("--specimen", "NAME", "\(specimens.map(\.name).joined(separator: ", ")), all (frame)"),
    Verb.Option("--rate", "N", "frames a second (2)"),
    Verb.Option("--count", "N", "stop after so many (0: never)"),
    Verb.Option("--size", "N", "pixels along an edge (256)"),
    Verb.Option("--seed", "N", "same seed, same frames (1)"),
  ],
  isHidden: true,
  run: { arguments in
    let size = Int(try arguments.number("--size", 256, in: 16...4096))
    let seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    let name = arguments["--specimen"] ?? "frame"
    let chosen = specimens.filter { name == "all" || $0.name == name }
    guard !chosen.isEmpty else { throw UsageError("--specimen \(name): is no specimen of this microscope") }
    var microscope = Microscope(
      folder: try arguments.operand("folder"), rate: try arguments.number("--rate", 2, in: 0.01...1000),
      specimen: try AlternatingSpecimen(chosen, size: size, seed: seed))
    return try microscope.run(count: Int(try arguments.number("--count", 0, in: 0...1e9)))
  })

struct Microscope {
  let folder: String
  let rate: Double
  var specimen: AlternatingSpecimen

  mutating func run(count: Int) throws -> ExitCode {
    // Ends with the program that started it, however that ended: an orphan gets another parent.
    let parent = getppid()
    var number = 0
    while getppid() == parent, count == 0 || number < count {
      number += 1
      guard try expose(number) else { return .failed }
      usleep(UInt32(1e6 / rate))
    }
    return .ok
  }

  /// The day's accidents come early enough to be seen in a first minute.
  private mutating func expose(_ number: Int) throws -> Bool {
    let phase = number % 60
    let exposure = try specimen.exposure(number, phase == 33 ? .blanked : phase == 12 ? .saturated : nil)
    let path = "\(folder)/\(exposure.file)"
    if exposure.appends { return put(exposure.bytes, path, O_APPEND) }
    switch phase {
    case 18: return put(Array(exposure.bytes.prefix(exposure.bytes.count * 2 / 3)), path, O_TRUNC)
    case 25:
      // Overwritten: the operator repeats an exposure under the same name.
      guard put(exposure.bytes, path, O_TRUNC) else { return false }
      usleep(UInt32(0.7e6 / rate))
      return put(try specimen.repeated(number).bytes, path, O_TRUNC)
    default: return put(exposure.bytes, path, O_TRUNC)
    }
  }

  private func put(_ bytes: [UInt8], _ path: String, _ mode: Int32) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | mode | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(64 << 10)
      let count = piece.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
