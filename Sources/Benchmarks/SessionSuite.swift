import System
import Diffraction
import Glibc
import LiveSession

/// How long it takes to open a session: a million lines of history, and the hundred thousand files of a day.
func sessionSuite(in folder: String) -> [Measurement] {
  var rows: [Measurement] = []

  // Memory first: the peak of a process never comes down again.
  rows.append(
    Measurement("FileRow stride", Double(MemoryLayout<FileRow>.stride), "B"))
  let day = "\(folder)/day.session.jsonl"
  defer { unlink(day) }
  writeSession(day, files: 100_000)
  let before = ProcessUsage.now()
  let held = openSession(day)
  let after = ProcessUsage.now()
  precondition(held.fileCount == 100_000 && held.resultCount == 100_000, "the whole day came back")
  rows.append(
    Measurement("open 1e5 files, growth of RSS", after.resident - before.resident, "MB"))
  rows.append(Measurement("open 1e5 files, peak RSS", after.peak, "MB"))

  let history = "\(folder)/history.session.jsonl"
  defer { unlink(history) }
  writeSession(history, files: 500_000)
  var status = stat()
  stat(history, &status)
  rows.append(
    Measurement("1e6 lines, size", Double(status.st_size) / 1e6, "MB"))
  var wall: [Double] = []
  var processor: [Double] = []
  for _ in 0..<5 {
    let start = ProcessUsage.now()
    let state = openSession(history)
    let end = ProcessUsage.now()
    precondition(state.resultCount == 500_000, "every result came back")
    wall.append(end.wall - start.wall)
    processor.append(end.processor - start.processor)
  }
  rows.append(Measurement("open 1e6 lines, wall", median(wall), "s"))
  rows.append(Measurement("open 1e6 lines, least wall", wall.min() ?? 0, "s"))
  rows.append(Measurement("open 1e6 lines, user+sys", median(processor), "s"))
  rows.append(Measurement("open 1e6 lines, peak RSS", ProcessUsage.now().peak, "MB"))
  return rows
}

private func openSession(_ path: String) -> SessionState {
  guard let file = try? SessionFile(path: path) else { preconditionFailure("the session was just written") }
  let (state, problems) = file.state()
  precondition(problems.isEmpty, "every line is sound")
  return state
}

/// What the process has used so far.
struct ProcessUsage {
  var wall: Double
  var processor: Double
  /// Megabytes.
  var resident: Double
  var peak: Double

  static func now() -> ProcessUsage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return ProcessUsage(
      wall: seconds(),
      processor: Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
      resident: residentMegabytes(), peak: Double(usage.ru_maxrss) / 1e3)
  }
}

/// Writes a session as it would have been recorded: a file line and a result of the frame engine for each
/// of `files` frames, with twelve values and a radial profile of 96 points, all from a fixed seed.
private func writeSession(_ path: String, files: Int) {
  guard let output = fopen(path, "w") else { preconditionFailure("the folder was just made") }
  defer { fclose(output) }
  var random = SplitMix64(seed: 7)
  var sequence = 0
  let start = 1_795_176_271_250
  func put(_ event: SessionEvent) {
    sequence += 1
    let line = event.line(
      Stamp(
        sequence: sequence, unixMilliseconds: start + 25 * sequence,
        monotonicNanoseconds: 25_000_000 * sequence))
    fwrite(line, 1, line.count, output)
  }
  put(
    .session(
      SessionRecord(
        id: random.identifier(start), program: "ewald", version: "1.0", commit: "0", system: "Linux",
        folders: ["/data/2026-11-20"])))
  let parameters = [
    "defect_limit_ppm": "500", "drift_limit_px": "5", "saturated_limit_px": "10", "saturation_level": "auto",
  ]
  var previous: Identifier?
  for number in 1...files {
    let name = "scan_\(1 + number / 1000)/frame_\(String(number + 1_000_000).dropFirst()).tif"
    put(
      .file(
        FileRecord(
          fileID: number, path: name, size: 524_700, modifiedNanoseconds: (start + number) * 1_000_000,
          device: 2049, inode: 10_000_000 + number, content: random.hex(), status: .done, format: "TIFF",
          frames: 1, declaredFrames: 1, shape: [512, 512], sample: "uint16",
          metadata: [
            MetadataItem(name: "pixel_x", value: "0.0125", unit: "1/nm", source: "tag:65009"),
            MetadataItem(name: "pixel_y", value: "0.0125", unit: "1/nm", source: "tag:65009"),
            MetadataItem(name: "voltage", value: "80.0", unit: "kV", source: "tag:65009"),
          ])))
    let id = random.identifier(start + number)
    let units = ["counts", "px", "px", "px", "px", "1", "counts", "counts", "px", "px", "px", "px"]
    let names = [
      "dose", "drift", "center_x", "center_y", "disc_radius", "sharpness", "background", "peak", "saturated",
      "hot", "dead", "not_finite",
    ]
    let values = zip(names, units).enumerated().map { index, value in
      Quantity(value.0, index < 8 ? random.number() : 0, unit: value.1)
    }
    let profile = Profile(name: "radial", unit: "px", values: (0..<96).map { _ in random.number() })
    let isGood = number % 16 != 0
    put(
      .result(
        ResultRecord(
          resultID: id, fileID: number, file: name, frame: 0, engine: "frame",
          finding: Finding(
            values: values, profiles: [profile], verdict: isGood ? .accept : .doubtful,
            reasons: isGood ? [] : [Reason("DRFT", "beam moved 6.1 px since the frame before")]),
          parameters: parameters, durationMilliseconds: 11.25, previous: previous)))
    previous = id
  }
}

extension SplitMix64 {
  fileprivate mutating func number() -> Double { Double(next() % 1_000_000) / 1000 }

  fileprivate mutating func identifier(_ milliseconds: Int) -> Identifier {
    Identifier(unixMilliseconds: milliseconds, random: (next(), next()))
  }

  fileprivate mutating func hex() -> String {
    String(String(next() | 1 << 63, radix: 16) + String(next() | 1 << 63, radix: 16))
  }
}
