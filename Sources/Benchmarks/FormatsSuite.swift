import Diffraction
import FrameFiles
import Glibc

/// How fast frames come out of files: every file of a folder, opened and read frame by frame, on one thread
/// and from the page cache. `Peers/formats/run.sh` makes the folder and measures the peers on the same files.
///
/// One JSON line a case: frames a second, megabytes of pixels a second, and for the reading process the
/// microseconds that it adds to a frame.
enum FormatsSuite {
  /// `worker` is a program and its arguments that end in `WorkerMain.run()`.
  static func run(folder: String, worker: [String] = [], rounds: Int = 7) {
    for name in DirectoryNames(folder).sorted() where !name.hasPrefix(".") && !name.hasSuffix(".json") {
      let path = "\(folder)/\(name)"
      let suffix = name.split(separator: ".").last.map(String.init) ?? ""
      guard FormatList.suffixes.contains(suffix) else { continue }
      var times: [Double] = []
      var pixels = 0
      var frames = 0
      do {
        for _ in 0..<rounds {
          let start = now()
          (frames, pixels) = try readAll(try FormatList.open(path: path))
          times.append(now() - start)
        }
      } catch {
        print("{\"suite\": \"formats\", \"case\": \"\(name)\", \"error\": \"\(error)\"}")
        continue
      }
      report(name, Double(frames) / median(times), "frames/s")
      report(name, Double(pixels) / median(times) / 1e6, "MB/s")
      if let program = worker.first {
        overhead(name, path, program, Array(worker.dropFirst()), rounds: rounds)
      }
    }
  }

  /// What the way through the worker adds to a frame.
  private static func overhead(
    _ name: String, _ path: String, _ program: String, _ arguments: [String], rounds: Int
  ) {
    let reader = WorkerReader(executable: program, arguments: arguments)
    do {
      let direct = try FormatList.open(path: path)
      let isolated = try reader.open(path: path)
      _ = try isolated.frame(at: 0)
      var differences: [Double] = []
      for index in 0..<min(direct.summary.frames, 40 * rounds) {
        let start = now()
        _ = try direct.frame(at: index)
        let middle = now()
        _ = try isolated.frame(at: index)
        differences.append(now() - middle - (middle - start))
      }
      report("\(name) worker overhead", median(differences) * 1e6, "µs/frame")
    } catch {
      print("{\"suite\": \"formats\", \"case\": \"\(name) worker overhead\", \"error\": \"\(error)\"}")
    }
  }

  private static func readAll(_ source: any FrameSource) throws(FileRefusal) -> (frames: Int, bytes: Int) {
    var bytes = 0
    for index in 0..<source.summary.frames { bytes += try source.frame(at: index).pixels.byteCount }
    return (source.summary.frames, bytes)
  }

  private static func report(_ name: String, _ value: Double, _ unit: String) {
    print(
      "{\"suite\": \"formats\", \"case\": \"\(name)\", \"median\": \((value * 10).rounded() / 10), \"unit\": \"\(unit)\"}"
    )
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
