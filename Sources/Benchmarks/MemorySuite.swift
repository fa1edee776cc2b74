import Diffraction
import System
import FolderWatch
import FrameFormats
import Glibc
import LiveSession
import Synchronization

/// What a day costs: a whole session (watcher, log, state, indexes), fed with a hundred thousand files whose
/// answers have the shape of PACBED's, pictures included.
enum MemorySuite {
  static let files = 100_000
  /// So many are in the folder and not answered yet, at most.
  private static let ahead = 500

  static func run(in folder: String) async -> [Measurement] {
    let frames = folder + "/frames"
    mkdir(frames, 0o755)
    guard let log = try? SessionLog.create(path: folder + "/day.session.jsonl", clock: .system) else {
      return [Measurement("the session file could not be made", .nan, "")]
    }
    let analyst = Analyst(
      engines: [StandIn()], choice: "pacbed",
      files: FileAccess(opening: { path throws(FileRefusal) in try OneFrame(path) }))
    let session = Session(
      log: log, state: SessionState(), analyst: analyst, folder: frames,
      watcher: DirectoryWatcher(folder: frames), options: Session.Options())
    let record = SessionRecord(
      id: Identifier(unixMilliseconds: 1_795_176_271_250, random: (1, 2)), program: "ewald", version: "0",
      commit: "0", system: "Linux", folders: [frames])
    let work = Task { await session.run(record) }
    // A screen holds the newest state.
    let newest = Mutex(Snapshot())
    let screen = Task { for await snapshot in session.snapshots { newest.withLock { $0 = snapshot } } }

    var written = 0
    func answer(_ count: Int) async -> Double {
      while await session.snapshot.state.resultCount < count {
        let ready = await session.snapshot.state.resultCount
        while written < min(count, ready + ahead) {
          write(written, frames)
          written += 1
        }
        try? await Task.sleep(for: .milliseconds(5))
      }
      Heap.giveBack()
      return ProcessUsage.now().resident
    }
    let start = ProcessUsage.now().resident
    let tenth = await answer(files / 10)
    let half = await answer(files / 2)
    let all = await answer(files)
    let peak = ProcessUsage.now().peak
    await session.close()
    work.cancel()
    screen.cancel()
    let rows = Double(files)
    return [
      Measurement("FileRow stride", Double(MemoryLayout<FileRow>.stride), "B"),
      Measurement("RunRow stride", Double(MemoryLayout<RunRow>.stride), "B"),
      Measurement("RSS at the start", start, "MB"),
      Measurement("RSS at \(files / 10) results", tenth, "MB"),
      Measurement("RSS at \(files / 2) results", half, "MB"),
      Measurement("RSS at \(files) results", all, "MB"),
      Measurement("peak RSS", peak, "MB", goal: "<= 512"),
      Measurement("a result, from a tenth to all", (all - tenth) * 1e6 / (0.9 * rows), "B", goal: "<= 1000"),
    ]
  }

  private static func write(_ number: Int, _ folder: String) {
    let path = "\(folder)/pacbed_\(String(number + 1_000_000).dropFirst()).tif"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { preconditionFailure("the folder was just made") }
    var number = UInt64(number)
    _ = Glibc.write(descriptor, &number, 8)
    close(descriptor)
  }
}

/// A small frame of a file that holds its number.
private final class OneFrame: FrameSource {
  let summary = FileSummary(
    format: "TIFF", width: 64, height: 64, sample: .uint16, frames: 1,
    metadata: [
      MetadataItem(
        name: "description", value: "simulated PACBED of a rutile wedge", unit: "", source: "tag:270")
    ])

  init(_ path: String) throws(FileRefusal) {}

  func frame(at index: Int) -> Frame {
    Frame(pixels: Pixels(width: 64, height: 64, values: [UInt16](repeating: 7, count: 4096)), index: index)
  }
}

/// Answers at once, and as much as a fit does.
private struct StandIn: AnalysisEngine {
  let name = "pacbed"
  let label = "PACB"
  let outputs = [Output(name: "thickness", unit: "nm", symbol: "t", decimals: 1)]
  let parameters = [
    "material", "model", "convergence_mrad", "voltage_kv", "pixel_mrad", "method", "candidate", "center_px",
    "scale", "geometry", "motion", "absorption", "scan",
  ].map { Parameter(name: $0, title: $0, unit: "1", domain: .text, standard: .text("rutile-80kv")) }

  func suitability(for file: FileSummary) -> Int { 1 }

  func analyze(_ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext) -> Finding {
    let names = [
      "thickness", "mistilt", "mistilt_azimuth", "scale", "match", "convergence", "rotation", "pixel",
      "center_x", "center_y", "distortion_x", "distortion_y", "network_thickness", "noise",
    ]
    let values = names.map { Quantity($0, 11.7794, unit: "nm", low: 11.2697, high: 12.2499) }
    let bins = (0..<101).map { Double($0) }
    let curve = [Double](repeating: 0.123456, count: 128)
    let picture = Pixels(width: 128, height: 128, values: [Float](repeating: 0.5, count: 128 * 128))
    return Finding(
      values: values,
      histograms: ["thickness", "mistilt", "scale"].map {
        Histogram(name: $0, unit: "nm", centres: bins, probabilities: bins)
      },
      profiles: ["radial, measured", "radial, predicted", "match by thickness"].map {
        Profile(name: $0, unit: "mrad", values: curve)
      },
      verdict: .doubtful, reasons: [Reason("2PK", "another thickness fits nearly as well: 13.0 nm")],
      model: ModelIdentity(id: "rutile-80kv", sha256: String(repeating: "c2973cf9", count: 8)),
      exhibits: (0..<3).flatMap { answer in
        [
          .image(Exhibit.Image("Predicted", picture, role: .expected, signal: .discs, part: answer)),
          .image(Exhibit.Image("Difference", picture, role: .difference, signal: .discs, part: answer)),
        ]
      })
  }
}
