import Diffraction
import FrameFiles
import Glibc

/// The demo's microscope: another process, which knows nothing of Ewald, and writes frames as acquisition
/// software does: piece by piece under their final names, with the accidents of a real day.
let microscopeVerb = Verb(
  name: "simulated-microscope", operands: "DIR",
  summary: "write frames into a folder, as an acquisition would",
  options: [
    Verb.Option("--rate", "N", "frames a second (2)"),
    Verb.Option("--count", "N", "stop after so many (0: never)"),
    Verb.Option("--size", "N", "pixels along an edge (256)"),
    Verb.Option("--seed", "N", "same seed, same frames (1)"),
  ],
  isHidden: true,
  run: { arguments in
    let microscope = Microscope(
      folder: try arguments.operand("folder"), rate: try arguments.number("--rate", 2, in: 0.01...1000),
      beam: SimulatedBeam(
        size: Int(try arguments.number("--size", 256, in: 16...4096)),
        seed: UInt64(try arguments.number("--seed", 1, in: 0...1e15))))
    return microscope.run(count: Int(try arguments.number("--count", 0, in: 0...1e9)))
  })

struct Microscope {
  let folder: String
  let rate: Double
  let beam: SimulatedBeam

  func run(count: Int) -> ExitCode {
    // Ends with the program that started it, however that ended: an orphan gets another parent.
    let parent = getppid()
    var number = 0
    while getppid() == parent, count == 0 || number < count {
      number += 1
      guard expose(number) else { return .failed }
      usleep(UInt32(1e6 / rate))
    }
    return .ok
  }

  /// The day's accidents come early enough to be seen in a first minute.
  private func expose(_ number: Int) -> Bool {
    let name =
      "\(folder)/pacbed_\(String(repeating: "0", count: max(0, 4 - String(number).count)))\(number).tif"
    let phase = number % 60
    let pixels = beam.frame(number, isBlanked: phase == 33, isSaturated: phase == 12)
    let bytes = TIFFWriter.encode([
      TIFFWriter.Page(pixels, description: "ImageJ=1.53k\nunit=mrad\nsimulated=yes\n")
    ])
    switch phase {
    case 18: return put(Array(bytes.prefix(bytes.count * 2 / 3)), name)
    case 25:
      // Overwritten: the operator repeats an exposure under the same name.
      guard put(bytes, name) else { return false }
      usleep(UInt32(0.7e6 / rate))
      let again = beam.frame(number + 100_000)
      return put(TIFFWriter.encode([TIFFWriter.Page(again)]), name)
    default: return put(bytes, name)
    }
  }

  private func put(_ bytes: [UInt8], _ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
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
