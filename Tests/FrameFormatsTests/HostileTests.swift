import Diffraction
import Foundation
import FrameFormats
import Testing

/// Every damaged or misleading file does what its entry in `expected.json` demands.
@Suite(.serialized) struct HostileTests {
  static let names: [String] = Reference.files("hostile").keys.filter { name in
    let suffix = name.split(separator: ".").last.map(String.init) ?? ""
    return FormatList.suffixes.contains(suffix)
      && FileManager.default.fileExists(atPath: Reference.path("hostile/\(name)"))
  }.sorted()

  @Test(arguments: names) func `A hostile file is refused in one line, or read rightly`(name: String) throws {
    let entry = Reference.files("hostile")[name]!
    let demand = entry["expect"] as! String
    let path = Reference.path("hostile/\(name)")
    var opened: (any FrameSource)?
    var read: [Frame] = []
    var refusal: FileRefusal?
    var peak = Int.max
    // The peak is the process's: what other tests take at the same moment is not the file's, and not there each time.
    for _ in 0..<8 where peak > 64 << 20 {
      (opened, read, refusal) = (nil, [], nil)
      let baseline = Memory.startPeak()
      do throws(FileRefusal) {
        let source = try FormatList.open(path: path)
        opened = source
        for index in 0..<source.summary.frames { read.append(try source.frame(at: index)) }
      } catch {
        refusal = error
      }
      peak = Memory.peak() - baseline
    }
    #expect(peak <= 64 << 20, "\(name): memory above the baseline")
    if let refusal {
      #expect(!refusal.reason.contains("\n"), "\(name)")
      #expect(!refusal.reason.isEmpty, "\(name)")
    }
    let summary = opened?.summary
    switch demand {
    case "refuse":
      #expect(refusal != nil, "\(name): read although \(entry["why"] ?? "")")
    case "refuse_or_partial":
      #expect(refusal != nil || summary?.isComplete == false, "\(name): taken for a whole file")
    case "read", "read_flag", "read_flag_unusable", "read_with_warning", "control":
      #expect(refusal == nil, "\(name): \(refusal?.reason ?? "")")
      if let stats = entry["stats"] as? [String: Any], refusal == nil {
        check(read.map(\.pixels), stats, name)
      }
      if demand == "read_with_warning" { #expect(summary?.warnings.isEmpty == false, "\(name)") }
    default:
      #expect(["read_or_refuse", "refuse_or_bounded"].contains(demand), "\(name): unknown demand \(demand)")
    }
    for item in summary?.metadata ?? [] {
      #expect(!(item.name + item.value).unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
  }

  @Test func `No library message reaches the terminal`() throws {
    let scratch = Scratch()
    let capture = open(scratch.path + "/stderr", O_RDWR | O_CREAT, 0o600)
    let original = dup(STDERR_FILENO)
    dup2(capture, STDERR_FILENO)
    for name in Self.names {
      guard let source = try? FormatList.open(path: Reference.path("hostile/\(name)")) else { continue }
      _ = try? frames(source)
    }
    fflush(nil)
    dup2(original, STDERR_FILENO)
    let text = String(decoding: load(scratch.path + "/stderr"), as: UTF8.self)
    FileHandle.standardError.write(Data(text.utf8))
    close(capture)
    close(original)
    // The test runner may have said something meanwhile; its lines begin with a symbol of its own.
    let foreign = text.split(separator: "\n").filter { $0.first?.isASCII == true && $0.contains(": ") }
    #expect(foreign.isEmpty)
  }

  @Test func `A deflate bomb beyond the pixel limit is refused before it unfolds`() throws {
    let scratch = Scratch()
    var bytes = TinyTIFF(width: 20000, height: 20000, compression: 8, stripBytes: 400_000).bytes
    bytes += Array(repeating: 0x78, count: 400_000)
    let baseline = Memory.startPeak()
    #expect {
      try FormatList.open(path: scratch.file("bomb.tif", bytes))
    } throws: {
      ($0 as? FileRefusal)?.kind == .tooLarge
    }
    #expect(Memory.peak() - baseline <= 64 << 20)
  }
}

/// Resident memory of this process in bytes.
enum Memory {
  /// Forgets the highest value so far and tells the present one.
  static func startPeak() -> Int {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    return value("VmRSS:")
  }

  static func peak() -> Int { value("VmHWM:") }

  private static func value(_ key: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
    return (Int(line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") ?? 0) << 10
  }
}
